"""The values that the program speaks of: frozen, slotted, without behaviour that needs a database or a clock.

Times are aware UTC datetimes, durations are seconds unless a name says otherwise, ids are UUIDs as lower-case text
(those that frontends or imports bring may be any text).
"""
