"""How Django's admin writes dates: day and month unmistakable, and always with the zone."""

DATE_FORMAT = "j M Y"
DATETIME_FORMAT = "j M Y, H:i:s T"
