// users/by_display_name: a page of users of an API client, or of all, by display name and id.
//
<<users/page property=display_name>>
RETURN collect(user {.*}) AS users;
