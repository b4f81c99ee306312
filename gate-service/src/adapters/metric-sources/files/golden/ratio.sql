WITH rows AS NOT MATERIALIZED (
  SELECT 0 AS src, t, e, u, v, c, id, err, val, lat, CASE WHEN t IS NULL OR t < 0 THEN 'timestamp' || ' (time) of ' || regexp_extract(raw_file, '[^/]*$') || coalesce(', which looks like "' || regexp_replace(regexp_replace(left(raw_time::VARCHAR, 30), '\p{L}', 'a', 'g'), '\p{N}', '9', 'g') || '"', ', which is empty') WHEN v = -1 THEN 'version_flag' || ' (variant) of ' || regexp_extract(raw_file, '[^/]*$') || coalesce(', which looks like "' || regexp_replace(regexp_replace(left(raw_variant::VARCHAR, 30), '\p{L}', 'a', 'g'), '\p{N}', '9', 'g') || '"', ', which is empty') END AS bad
    FROM (SELECT epoch_ms(CASE WHEN isfinite("timestamp") THEN "timestamp"::TIMESTAMP END) AS t, "event" AS e, nullif("user_id", '') AS u, CASE WHEN "change_id" = 'chg-1-00000000aa' THEN CASE WHEN "version_flag" IN ('on') THEN 1 WHEN "version_flag" IN ('off') THEN 0 ELSE -1 END END AS v, '' AS c, nullif("event_id", '') AS id, coalesce("status" = 'error', FALSE) AS err, "value"::DOUBLE AS val, "latency_ms"::DOUBLE AS lat, "timestamp" AS raw_time, "status" AS raw_status, "version_flag" AS raw_variant, "value" AS raw_value, "latency_ms" AS raw_latency_ms, filename AS raw_file
      FROM read_parquet(['/srv/a.parquet'], union_by_name = true, hive_partitioning = false))
  ),
  meta AS (SELECT max(last) FILTER (src = 0)::DOUBLE AS newest_0, max(last) FILTER (e IN ('visit', 'order', 'item'))::DOUBLE AS kpi_seen,
    max(last) FILTER (e IN ('visit', 'order', 'item') AND named)::DOUBLE AS change_seen, coalesce(sum(k - known), 0)::DOUBLE AS future,
    coalesce(sum(unreadable), 0)::DOUBLE AS bad, min(first_bad) AS first_bad, coalesce(sum(k) FILTER (e = 'visit'), 0)::DOUBLE AS seen_0, coalesce(sum(k) FILTER (e = 'order'), 0)::DOUBLE AS seen_1, coalesce(sum(k) FILTER (e = 'item'), 0)::DOUBLE AS seen_2
    FROM (
      SELECT src, e, v IS NOT NULL AS named, max(t) FILTER (t <= 1793610000000) AS last, count(*) AS k,
        count(*) FILTER (t <= 1793610000000) AS known, count(bad) AS unreadable, min(bad) AS first_bad
      FROM rows GROUP BY src, e, v IS NOT NULL
    )),
  trials AS (
    SELECT u, min(t) FILTER (e = 'visit') AS t0, (min(t * 2 + v) & 1)::INTEGER AS v, '' AS c
    FROM rows WHERE u IS NOT NULL AND v IS NOT NULL AND t < 1793610000000
    GROUP BY u HAVING t0 >= 1793606400000
  ),
  outcomes AS (SELECT u AS ou, t, e, val, w FROM (SELECT *, CASE WHEN id IS NULL THEN k ELSE 1 END AS w FROM (SELECT u, t, e, val, id, count(*) AS k FROM rows WHERE u IS NOT NULL AND e IN ('order', 'item') AND t >= 1793606400000 AND t < 1793610240000 GROUP BY ALL))),
  units AS (
    SELECT t0, v, c, coalesce(sum(w * 1) FILTER (t > t0 AND e = 'order'), 0)::BIGINT AS r, greatest(0, least(50, r)) AS y, 0 AS missing, coalesce(sum(w * 1) FILTER (e = 'item'), 0)::BIGINT AS q, greatest(0, least(50, q)) AS d, (r != y OR q != d)::INTEGER AS clipped
    FROM trials LEFT JOIN outcomes ON ou = u AND t > t0 AND t <= t0 + 180000
    GROUP BY u, t0, v, c
  ),
  buckets AS (
    SELECT t0 // 3600000 * 60 AS minute, v, c, count(*) AS n, sum(y) AS y, sum(y * y) AS yy, sum(d) AS d, sum(d * d) AS dd, sum(y * d) AS yd, sum(clipped) AS clipped, sum(missing) AS missing, NULL AS indices, NULL AS counts
    FROM units GROUP BY ALL
  ),
  found AS (SELECT minute, v, c, n::DOUBLE AS n, y::DOUBLE AS y, yy::DOUBLE AS yy, d::DOUBLE AS d, dd::DOUBLE AS dd, yd::DOUBLE AS yd,
      clipped::DOUBLE AS clipped, missing::DOUBLE AS missing, indices, counts FROM buckets WHERE n + y + missing > 0 LIMIT 200001)
SELECT meta.*, found.* FROM meta LEFT JOIN found ON TRUE
