// tasks/eligible: whether a user may be given a place; `kind` is the task kind, or a text that begins with it.
// Expands from the place or seeks a key, never from the user, whose history grows without bound.
CASE
  WHEN <<kind>> STARTS WITH 'label' THEN
    ($allow.self_labeling OR coalesce(place.author, '') <> user.id)
    AND NOT EXISTS { (:Review {key: user.id + ' ' + place.id}) }
  WHEN <<kind>> STARTS WITH 'rank' THEN
    ($allow.self_ranking OR NOT EXISTS {
      (place)<-[:REPLY_TO]-(own:Post {author: user.id}) WHERE own.accepted AND NOT own.deleted })
    AND NOT EXISTS { (:Ranking {key: user.id + ' ' + place.id}) }
  WHEN NOT $allow.duplicate_tasks AND EXISTS { (:Post {reply_key: user.id + ' ' + place.id}) } THEN false
  WHEN $model IS NULL THEN true
  ELSE
    <<tasks/left_to_people post=place wants=place.wants>>
END
AND CASE
  WHEN $model IS NOT NULL THEN NOT EXISTS { (place)<-[:FOR]-(:Task {skipped: true})<-[:TOOK]-(user) }
  ELSE NOT EXISTS {
    (user)-[skip:REACTED]->(place)
    WHERE skip.emoji = CASE
      WHEN <<kind>> STARTS WITH 'label' THEN '_skip_labeling'
      WHEN <<kind>> STARTS WITH 'rank' THEN '_skip_ranking'
      ELSE '_skip_reply'
    END
  }
END
AND NOT EXISTS { (place)<-[held:LEASES]-(:Task {holder: user.id}) WHERE held.until > $now_ms }
