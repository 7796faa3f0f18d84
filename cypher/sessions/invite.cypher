// sessions/invite: the invite that a token belongs to, also one that has ended.
//
// in    token_hash  STRING  sha256 of the token, hex
// out   invite      MAP
// rows  maybe
// cost  one seek
// mode  read
MATCH (invite:Invite {token_hash: $token_hash})
RETURN invite {.*, token_hash: null} AS invite;
