// tasks/estimate: the number of places of a pool, estimated by the gaps between the lowest keys.
CASE WHEN size(low) < 33 OR low[32].<<key>> >= 1 THEN size(low) ELSE 33 / low[32].<<key>> END
