"""Faults of a page's appearance: what axe finds in both themes, what scrolls sideways."""

from axe_playwright_python.base import AXE_SCRIPT

WIDTHS = (360, 1400)
# A theme changes colours alone, so these rules are all that the second theme can break.
COLOUR_RULES = ["color-contrast", "link-in-text-block"]
# Half-way through a transition colours are those of neither state.
END_TRANSITIONS = """() => {
    for (const animation of document.getAnimations()) {
        if (animation.effect.getComputedTiming().endTime !== Infinity) animation.finish();
    }
}"""
RUN_AXE = """(rules) => axe
    .run({ resultTypes: ["violations"], ...(rules && { runOnly: rules }) })
    .then((found) => found.violations.flatMap(
        (rule) => rule.nodes.map((node) => `${rule.id}: ${node.html}`)))"""
OVERFLOW = "document.documentElement.scrollWidth - window.innerWidth"


def axe_findings(page, rules: list[str] | None = None) -> list[str]:
    """Each element that axe objects to, as "rule: element". `rules` limits it to those."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    page.evaluate(END_TRANSITIONS)
    return page.evaluate(RUN_AXE, rules)


def appearance_faults(page, widths: tuple[int, ...] = WIDTHS) -> list[str]:
    """Everything wrong with the page as it stands, in light and dark and at each width."""
    faults = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        if (overflow := page.evaluate(OVERFLOW)) > 0:
            faults.append(f"{width} px: scrolls {overflow} px sideways")
        for theme, rules in (("light", None), ("dark", COLOUR_RULES)):
            page.emulate_media(color_scheme=theme)
            faults += [f"{width} px, {theme}: {found}" for found in axe_findings(page, rules)]
        page.emulate_media(color_scheme="light")
    return faults
