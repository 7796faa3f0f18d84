// sessions/invites: every invite, without its token, newest first.
//
// out   invite  MAP
// rows  many
// cost  one index seek, one row an invite
// mode  read
MATCH (invite:Invite) WHERE invite.id >= ''
RETURN invite {.*, token_hash: null} AS invite ORDER BY invite.created DESC, invite.id;
