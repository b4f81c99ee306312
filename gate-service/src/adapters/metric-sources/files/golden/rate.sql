WITH rows AS NOT MATERIALIZED (
  SELECT 0 AS src, t, e, u, v, c, id, err, val, lat, CASE WHEN t IS NULL OR t < 0 THEN 'timestamp' || ' (time) of ' || regexp_extract(raw_file, '[^/]*$') || coalesce(', which looks like "' || regexp_replace(regexp_replace(left(raw_time::VARCHAR, 30), '\p{L}', 'a', 'g'), '\p{N}', '9', 'g') || '"', ', which is empty') WHEN v = -1 THEN 'version_flag' || ' (variant) of ' || regexp_extract(raw_file, '[^/]*$') || coalesce(', which looks like "' || regexp_replace(regexp_replace(left(raw_variant::VARCHAR, 30), '\p{L}', 'a', 'g'), '\p{N}', '9', 'g') || '"', ', which is empty') END AS bad
    FROM (SELECT epoch_ms(CASE WHEN isfinite("timestamp") THEN "timestamp"::TIMESTAMP END) AS t, "event" AS e, nullif("user_id", '') AS u, CASE WHEN "change_id" = 'chg-1-00000000aa' THEN CASE WHEN "version_flag" IN ('on') THEN 1 WHEN "version_flag" IN ('off') THEN 0 ELSE -1 END END AS v, '' AS c, nullif("event_id", '') AS id, coalesce("status" = 'error', FALSE) AS err, "value"::DOUBLE AS val, "latency_ms"::DOUBLE AS lat, "timestamp" AS raw_time, "status" AS raw_status, "version_flag" AS raw_variant, "value" AS raw_value, "latency_ms" AS raw_latency_ms, filename AS raw_file
      FROM read_parquet(['/srv/a.parquet'], union_by_name = true, hive_partitioning = false))
  ),
  meta AS (SELECT max(last) FILTER (src = 0)::DOUBLE AS newest_0, max(last) FILTER (e IN ('request', 'ticket'))::DOUBLE AS kpi_seen,
    max(last) FILTER (e IN ('request', 'ticket') AND named)::DOUBLE AS change_seen, coalesce(sum(k - known), 0)::DOUBLE AS future,
    coalesce(sum(unreadable), 0)::DOUBLE AS bad, min(first_bad) AS first_bad, coalesce(sum(k) FILTER (e = 'request'), 0)::DOUBLE AS seen_0, coalesce(sum(k) FILTER (e = 'ticket'), 0)::DOUBLE AS seen_1
    FROM (
      SELECT src, e, v IS NOT NULL AS named, max(t) FILTER (t <= 1793610000000) AS last, count(*) AS k,
        count(*) FILTER (t <= 1793610000000) AS known, count(bad) AS unreadable, min(bad) AS first_bad
      FROM rows GROUP BY src, e, v IS NOT NULL
    )),
  buckets AS (
    SELECT minute, v, c, coalesce(sum(w) FILTER (e = 'request'), 0) AS n,
      coalesce(sum(w) FILTER (e = 'ticket'), 0) AS y, 0 AS yy, 0 AS d, 0 AS dd, 0 AS yd, 0 AS clipped, 0 AS missing, NULL AS indices, NULL AS counts
    FROM (SELECT *, CASE WHEN id IS NULL THEN k ELSE 1 END AS w FROM (SELECT t // 3600000 * 60 AS minute, v, c, e, id, count(*) AS k FROM rows WHERE e IN ('request', 'ticket') AND v IS NOT NULL AND t >= 1793606400000 AND t < 1793610000000 GROUP BY ALL)) GROUP BY minute, v, c
  ),
  found AS (SELECT minute, v, c, n::DOUBLE AS n, y::DOUBLE AS y, yy::DOUBLE AS yy, d::DOUBLE AS d, dd::DOUBLE AS dd, yd::DOUBLE AS yd,
      clipped::DOUBLE AS clipped, missing::DOUBLE AS missing, indices, counts FROM buckets WHERE n + y + missing > 0 LIMIT 200001)
SELECT meta.*, found.* FROM meta LEFT JOIN found ON TRUE
