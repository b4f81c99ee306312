import { type Observation, SUITE_KINDS, SUITE_NOW } from '../../../../test/suites/metric-source-observations.ts';
import { describeMetricSource } from '../../../../test/suites/metric-source-suite.ts';
import { MINUTE_MS } from '../../../domain/model/time.ts';
import { createFilesSource } from './files-source.ts';
import { type FileEvent, FilesDirectory } from './files-world.fixture.ts';

/** Files say how far they go by their newest row: the last one of each export. */
const END: FileEvent = { timestamp: new Date(SUITE_NOW * MINUTE_MS).toISOString(), event: 'export_done' };

describeMetricSource(
  'files: Parquet, packed CSV and NDJSON',
  async (observations) => {
    const directory = await FilesDirectory.make();
    const events = observations.map(toEvent);
    const of = (...names: string[]) => [...events.filter(({ event }) => names.includes(event ?? '')), END];
    const shared = of('request', 'ticket', 'page', 'visit');
    await directory.writeEvents('all/1.parquet', shared.slice(0, 900));
    await directory.writeEvents('all/2.parquet', shared.slice(850));
    await directory.writeEvents('orders.csv.gz', of('order'));
    await directory.writeEvents('items.ndjson', of('item'));
    await directory.writeEvents('queue.csv', of('queue'));
    const own = (files: string) => ({ files, columns: { event: 'event' } });
    const config = directory.config({
      files: 'all/*.parquet',
      events: { order: own('orders.csv.gz'), item: own('*.ndjson'), queue: own('queue.csv') },
    });
    const source = createFilesSource('exports', config, { now: () => SUITE_NOW * MINUTE_MS });
    return { source, serves: SUITE_KINDS, stop: () => directory.remove() };
  },
  SUITE_KINDS,
);

function toEvent(one: Observation, i: number): FileEvent {
  return {
    timestamp: new Date(one.minute * MINUTE_MS + one.second * 1_000).toISOString(),
    event: one.event,
    change_id: one.changeId,
    version_flag: one.variant,
    user_id: one.unit,
    user_cohort: one.cohort,
    event_id: `e${i}`,
    status: one.status,
    value: one.value,
    latency_ms: one.latencyMs,
  };
}
