// tasks/clock: the time of the database server, by which all processes end leases.
//
// out   now   ZONED DATETIME
// rows  one
// cost  nothing
// mode  read
RETURN datetime.realtime() AS now;
