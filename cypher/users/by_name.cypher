// users/by_name: a page of users of an API client, or of all, by name and id.
//
<<users/page property=name>>
RETURN collect(user {.*}) AS users;
