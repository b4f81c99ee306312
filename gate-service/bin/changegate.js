#!/usr/bin/env node
const [major] = process.versions.node.split('.');
if (Number(major) < 24) {
  process.stderr.write(
    `changegate needs Node 24 or newer; this is ${process.versions.node}.\nIn a clone run it as: npx changegate (npm ci puts Node 24 into node_modules).\n`,
  );
  process.exit(2);
}
const { main } = await import('../src/main.ts');
await main(process.argv);
