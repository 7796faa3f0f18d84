// tasks/clock: the time by which reservations end, whichever process made them.
//
// out   now   ZONED DATETIME
// rows  one
// cost  nothing
// mode  read
RETURN datetime.realtime() AS now;
