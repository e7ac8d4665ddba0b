"""How Django's admin writes dates: without doubt about day and month, and never without the zone."""

DATE_FORMAT = "j M Y"
DATETIME_FORMAT = "j M Y, H:i:s T"
