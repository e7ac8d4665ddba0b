"""What pyproject.toml can't say: templates and static files lie beside the package."""

from setuptools import find_packages, setup

FILES = {"pingadmin.templates": "templates", "pingadmin.static": "static"}

setup(
    packages=[*find_packages(include=["pingadmin", "pingadmin.*"]), *FILES],
    package_dir=FILES,
    package_data={
        **dict.fromkeys(FILES, ["**/*"]),
        "pingadmin.audit.export": ["offline/*.py"],
        "pingadmin.demo.simulator": ["*.json"],
    },
)
