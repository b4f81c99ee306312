WITH rows AS NOT MATERIALIZED (
  SELECT 0 AS src, t, e, u, v, c, id, err, val, lat, CASE WHEN t IS NULL OR t < 0 THEN 'timestamp' || ' (time) of ' || regexp_extract(raw_file, '[^/]*$') || coalesce(', which looks like "' || regexp_replace(regexp_replace(left(raw_time::VARCHAR, 30), '\p{L}', 'a', 'g'), '\p{N}', '9', 'g') || '"', ', which is empty') WHEN v = -1 THEN 'version_flag' || ' (variant) of ' || regexp_extract(raw_file, '[^/]*$') || coalesce(', which looks like "' || regexp_replace(regexp_replace(left(raw_variant::VARCHAR, 30), '\p{L}', 'a', 'g'), '\p{N}', '9', 'g') || '"', ', which is empty') WHEN e = 'page' AND t >= 1793606400000 AND t < 1793610060000 AND ((raw_latency_ms IS NOT NULL AND (lat IS NULL OR NOT isfinite(lat))) OR lat < 0) THEN 'latency_ms' || ' (latency_ms) of ' || regexp_extract(raw_file, '[^/]*$') || coalesce(', which looks like "' || regexp_replace(regexp_replace(left(raw_latency_ms::VARCHAR, 30), '\p{L}', 'a', 'g'), '\p{N}', '9', 'g') || '"', ', which is empty') END AS bad
    FROM (SELECT epoch_ms(CASE WHEN isfinite("timestamp") THEN "timestamp"::TIMESTAMP END) AS t, "event" AS e, nullif("user_id", '') AS u, CASE WHEN "change_id" = 'chg-1-00000000aa' THEN CASE WHEN "version_flag" IN ('on') THEN 1 WHEN "version_flag" IN ('off') THEN 0 ELSE -1 END END AS v, '' AS c, nullif("event_id", '') AS id, coalesce("status" = 'error', FALSE) AS err, "value"::DOUBLE AS val, "latency_ms"::DOUBLE AS lat, "timestamp" AS raw_time, "status" AS raw_status, "version_flag" AS raw_variant, "value" AS raw_value, "latency_ms" AS raw_latency_ms, filename AS raw_file
      FROM read_parquet(['/srv/a.parquet'], union_by_name = true, hive_partitioning = false))
  ),
  meta AS (SELECT max(last) FILTER (src = 0)::DOUBLE AS newest_0, max(last) FILTER (e IN ('page'))::DOUBLE AS kpi_seen,
    max(last) FILTER (e IN ('page') AND named)::DOUBLE AS change_seen, coalesce(sum(k - known), 0)::DOUBLE AS future,
    coalesce(sum(unreadable), 0)::DOUBLE AS bad, min(first_bad) AS first_bad, coalesce(sum(k) FILTER (e = 'page'), 0)::DOUBLE AS seen_0
    FROM (
      SELECT src, e, v IS NOT NULL AS named, max(t) FILTER (t <= 1793610000000) AS last, count(*) AS k,
        count(*) FILTER (t <= 1793610000000) AS known, count(bad) AS unreadable, min(bad) AS first_bad
      FROM rows GROUP BY src, e, v IS NOT NULL
    )),
  trials AS (
    SELECT m, v, '' AS c, max(lat) AS slowest, (count(lat) < count(*))::INTEGER AS gap,
      CASE WHEN u IS NULL AND k IS NULL THEN count(*) ELSE 1 END AS w
    FROM (
      SELECT u, t // 60000 * 60000 AS m, v, c, lat, CASE WHEN u IS NULL THEN id END AS k, CASE WHEN u IS NULL THEN coalesce(lat, -1) END AS kl
      FROM rows WHERE e = 'page' AND v IS NOT NULL AND t >= 1793606400000 AND t < 1793610000000
    )
    GROUP BY u, m, v, k, kl
  ),
  cells AS (
    SELECT m // 3600000 * 60 AS minute, v, c,
      CASE WHEN slowest = 0 THEN -1000000 WHEN slowest > 0 AND isfinite(slowest) THEN ceil(ln(slowest) / ln(1.01::DOUBLE))::INTEGER END AS i,
      sum(w) FILTER (slowest IS NOT NULL) AS k, sum(w * gap) AS gaps
    FROM trials GROUP BY ALL
  ),
  buckets AS (
    SELECT minute, v, c, coalesce(sum(k), 0) AS n, 0 AS y, 0 AS yy, 0 AS d, 0 AS dd, 0 AS yd, 0 AS clipped,
      sum(gaps) AS missing,
      list(i ORDER BY i) FILTER (k > 0) AS indices, list(k::DOUBLE ORDER BY i) FILTER (k > 0) AS counts
    FROM cells GROUP BY ALL
  ),
  found AS (SELECT minute, v, c, n::DOUBLE AS n, y::DOUBLE AS y, yy::DOUBLE AS yy, d::DOUBLE AS d, dd::DOUBLE AS dd, yd::DOUBLE AS yd,
      clipped::DOUBLE AS clipped, missing::DOUBLE AS missing, indices, counts FROM buckets WHERE n + y + missing > 0 LIMIT 200001)
SELECT meta.*, found.* FROM meta LEFT JOIN found ON TRUE
