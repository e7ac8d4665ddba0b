from playwright.sync_api import expect

# The machine that runs this may be busy: what is waited for may take long, but never for ever.
expect.set_options(timeout=15_000)
