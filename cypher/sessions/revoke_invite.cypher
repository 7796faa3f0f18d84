// sessions/revoke_invite: end an invite; sessions that it began go on.
//
// in    id      STRING
// in    now     ZONED DATETIME
// out   invite  MAP
// rows  maybe
// cost  one seek
// mode  write
MATCH (invite:Invite {id: $id})
SET invite:Invite
SET invite.expires = CASE WHEN properties(invite).expires < $now THEN properties(invite).expires ELSE $now END
RETURN invite {.*, token_hash: null} AS invite;
