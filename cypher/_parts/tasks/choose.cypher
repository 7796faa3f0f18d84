// tasks/choose: takes the first candidate that passes by its weight and that the user may be given.
  WITH draw.kind AS kind, draw.policy AS policy, place, luck, weight
  WHERE (luck < weight OR luck = 0.0) AND
    <<tasks/eligible kind=kind>>
  RETURN place, kind, policy, CASE WHEN luck > 0.0 THEN weight END AS weight LIMIT 1
}
RETURN place, kind, policy, weight LIMIT 1
