// sessions/create_invite: create an invite to the pages.
//
// in    id          STRING
// in    token_hash  STRING  sha256 of the token in the link, hex
// in    properties  MAP     role, note, user_name, uses_left, created, expires
// rows  none
// cost  one seek
// mode  write
MERGE (invite:Invite {id: $id})
SET invite.token_hash = $token_hash
SET invite += $properties;
