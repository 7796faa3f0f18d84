// tasks/draw: draws candidates; the statement weighs them, and `tasks/choose` takes the first that the user may be given.
// `pool` and `key` are the properties by which places are found.
// A batch of small pools is read as a whole. A larger one is read in windows of `key` with 32 slots; one slot is drawn,
// empty or not, so every place has the same chance, whatever the gaps between keys. A candidate is kept with the probability
// of its weight, which is at most 1. The places at the lower end of the pools come last, without weights.
UNWIND $groups AS draws
CALL (user, draws) {
  UNWIND draws AS draw
  CALL (draw) {
    UNWIND draw.pools AS pool
    CALL (pool) {
      // Free places, then lapsed leases.
      MATCH (place:Post) WHERE place.<<pool>> = pool AND place.<<key>> < $now_ms
      WITH place ORDER BY place.<<pool>>, place.<<key>> LIMIT 33
      RETURN collect(place) AS low
    }
    WITH pool, low,
      <<tasks/estimate key=<<key>>>> AS places
    RETURN collect({pool: pool, low: low, places: places}) AS looks, sum(places) AS places
  }
  // The kind whose time from Exp(places) comes first.
  WITH draw, looks, places WHERE places > 0
  WITH draw, looks ORDER BY log(1 - rand()) / places DESC
  UNWIND draw.batches AS pools
  WITH draw, pools, [look IN looks WHERE look.pool IN pools] AS looks
  WITH draw, pools, reduce(all = [], look IN looks | all + look.low) AS low,
    all(look IN looks WHERE size(look.low) < 33) AS small, reduce(sum = 0.0, look IN looks | sum + look.places) AS places
  WITH draw, pools, low, small, CASE WHEN places > 16 THEN 16.0 / places ELSE 1.0 END AS width
  CALL (draw, pools, low, small, width) {
    // Attempts below 1 try the earliest lapsed leases of large pools.
    WITH *, CASE WHEN draw.lapsed_first AND NOT small THEN -3 ELSE 1 END AS first,
      CASE WHEN draw.weighted THEN 64 WHEN small THEN 0 ELSE 12 END AS last
    UNWIND range(first, last) AS attempt
    WITH *, CASE WHEN attempt < 1 THEN 1 ELSE rand() * (1 + width) - width END AS floor
    CALL (pools, small, width, attempt, floor) {
      WITH *, CASE WHEN attempt < 1 THEN $now_ms WHEN floor + width < 1 THEN floor + width ELSE 1 END AS ceiling
      WHERE NOT small
      UNWIND pools AS pool
      CALL (pool, floor, ceiling) {
        MATCH (place:Post) WHERE place.<<pool>> = pool AND place.<<key>> >= floor AND place.<<key>> < ceiling
        RETURN place ORDER BY place.<<pool>>, place.<<key>> LIMIT 32
      }
      RETURN collect(place) AS window
    }
    WITH attempt, CASE
      WHEN small THEN low[toInteger(rand() * size(low))]
      WHEN attempt < 1 THEN window[-attempt]
      ELSE window[toInteger(rand() * 32)]
    END AS place
    WHERE place IS NOT NULL
    RETURN place, CASE WHEN attempt < 1 THEN 0.0 ELSE rand() END AS luck
    UNION ALL
    UNWIND low AS place
    WITH place ORDER BY rand()
    RETURN place, 0.0 AS luck
  }
