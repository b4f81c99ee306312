import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Engine, lockDown, toFault } from './engine.ts';
import { FilesDirectory } from './files-world.fixture.ts';
import { findFiles } from './find-files.ts';

describe('a DuckDB that can only read one directory', () => {
  let [inside, outside, engine]: [FilesDirectory | null, FilesDirectory | null, Engine | null] = [null, null, null];

  beforeAll(async () => {
    [inside, outside] = [await FilesDirectory.make(), await FilesDirectory.make()];
    await inside.write('good.csv', 'a\n1\n');
    await outside.write('secret.csv', 'a\ncanary-7\n');
    await symlink(join(outside.path, 'secret.csv'), join(inside.path, 'link.csv'));
    await symlink(outside.path, join(inside.path, 'folder'));
    engine = await Engine.open({ directory: inside.path, memoryMb: 128, tempMb: 16, threads: 1 });
  });
  afterAll(async () => {
    await engine?.close();
    await inside?.remove();
    await outside?.remove();
  });

  const select = (sql: string) => engine!.select(sql, 5_000);
  const refusal = (sql: string) =>
    select(sql).then(
      ({ rows }) => expect.fail(`was answered with ${rows.length} rows`),
      (error: { fault: string; message: string }) => error,
    );

  test('reads a file of it', async () => {
    const { rows, columns } = await select(`SELECT * FROM read_csv('${inside!.path}/good.csv')`);
    expect(rows).toHaveLength(1);
    expect([...columns.keys()]).toEqual(['a']);
  });

  test.each([
    ['another file', () => "SELECT * FROM read_text('/etc/passwd')"],
    ['a way up', () => `SELECT * FROM read_csv('${inside!.path}/../${outside!.path.split('/').at(-1)}/secret.csv')`],
    ['a link to a file', () => `SELECT * FROM read_csv('${inside!.path}/link.csv')`],
    ['a link to a folder', () => `SELECT * FROM read_csv('${inside!.path}/folder/secret.csv')`],
    ['a folder that begins alike', () => `SELECT * FROM read_csv('${inside!.path}x/secret.csv')`],
    ['the environment', () => "SELECT * FROM read_blob('/proc/self/environ')"],
    ['a listing', () => "SELECT * FROM glob('/etc/*')"],
    ['the network', () => "SELECT * FROM read_csv('https://example.com/x.csv')"],
    ['the metadata service', () => "SELECT * FROM read_text('http://169.254.169.254/latest/meta-data')"],
    ['writing outside', () => `COPY (SELECT 1) TO '${outside!.path}/x.csv'`],
    ['writing inside', () => `COPY (SELECT 1) TO '${inside!.path}/x.csv'`],
    ['attaching outside', () => `ATTACH '${outside!.path}/x.db'`],
    ['attaching inside', () => `ATTACH '${inside!.path}/x.db'`],
    ['installing', () => 'INSTALL httpfs'],
    ['loading', () => 'LOAD httpfs'],
    ['a setting', () => 'SET threads = 8'],
    ['unlocking', () => 'SET lock_configuration = false'],
    ['forgetting the directory', () => 'RESET allowed_directories'],
    ['a table', () => 'CREATE TABLE t AS SELECT 1'],
    ['two statements', () => 'SELECT 1; SELECT 2'],
  ])('refuses %s', async (_, sql) => {
    expect((await refusal(sql())).fault).toBe('refused');
  });

  test('a statement that takes too long is interrupted, and the next one is answered', async () => {
    const began = performance.now();
    await expect(engine!.select('SELECT count(*) FROM range(1000000000000)', 100)).rejects.toMatchObject({
      fault: 'deadline',
    });
    expect(performance.now() - began).toBeLessThan(3_000);
    expect((await select('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  test('more than memory and disk allow is a fault of its own', async () => {
    const sql = 'SELECT sum(len(l)) FROM (SELECT list(range::VARCHAR) AS l FROM range(30000000) GROUP BY hash(range))';
    expect(await refusal(sql)).toMatchObject({ fault: 'too_large' });
  });

  test('links are refused before DuckDB sees them, whatever they lead to', async () => {
    await expect(findFiles(inside!.path, 'link.csv', 9)).rejects.toMatchObject({ fault: 'refused' });
    await expect(findFiles(inside!.path, 'folder/*.csv', 9)).rejects.toMatchObject({ fault: 'refused' });
    await writeFile(join(inside!.path, 'a[1].csv'), 'a\n1\n');
    await expect(findFiles(inside!.path, 'a*.csv', 9)).rejects.toMatchObject({ fault: 'refused' });
    await expect(findFiles(inside!.path, 'goo?.csv', 9)).resolves.toHaveLength(1);
    await expect(findFiles(inside!.path, '*', 1)).rejects.toMatchObject({ fault: 'too_large' });
  });

  test('settings are locked last, after everything outside is closed', () => {
    expect(lockDown("/srv/it's")).toEqual([
      "SET TimeZone = 'UTC'",
      "SET allowed_directories = ['/srv/it''s/']",
      'SET enable_external_access = false',
      'SET lock_configuration = true',
    ]);
  });
});

test('a fault never quotes the line that it is about', () => {
  const message =
    'Invalid Input Error: CSV Error on Line: 3\nOriginal Line: 2026-11-02,canary-7\nfile "/srv/x/jobs.csv"';
  const fault = toFault(message);
  expect(fault).toMatchObject({ fault: 'bad_schema' });
  expect(fault.message).not.toContain('canary-7');
  expect(fault.message).toContain('line 3');
});
