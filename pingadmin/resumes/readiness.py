"""What readiness says of outcomes: none waits to be recorded, and the next one has room."""

from django.conf import settings
from django.db import DatabaseError

from pingadmin.resumes import unrecorded_outcomes
from pingadmin.web.probes import Fault


def find_faults() -> list[Fault]:
    """Records what waits, so that a panel whose database is back is ready by itself."""
    try:
        unrecorded_outcomes.record_all()
    except DatabaseError:
        count = unrecorded_outcomes.count_waiting()
        return [Fault("outcomes", f"{count} wait to be recorded; until then nothing is resumed")]
    except OSError as error:
        return [_files_fault(error)]
    try:
        unrecorded_outcomes.reserve_room()
    except OSError as error:
        return [_files_fault(error)]
    return []


def _files_fault(error: OSError) -> Fault:
    sentence = (
        f"DATA_DIR ({settings.DATA_DIR}) can't be read and written ({error.strerror}), "
        "so nothing can be resumed: make room, or let the panel's user write there"
    )
    return Fault("files", sentence)
