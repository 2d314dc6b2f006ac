import { test } from 'vitest';
import { connectors } from '../../connectors/registry.ts';
import { readSource } from '../support/source-file.ts';
import { testKit } from '../support/read-source.ts';
for (const kind of ['csv-file','ldif-file']) {
 const { harness } = await import(`./harnesses/${kind}.ts`);
 test.each(harness.hostile)('$name', async (v: any) => { const p = await v.prepare(); const t=performance.now(); let out; try { const r = await readSource(connectors.get(kind)!, p.config, testKit()); out=`${r.records.length} ${r.rejected.length} ${r.end.reason}` } catch(e:any){ out=e.message.slice(0,200)} console.log(kind, v.name, Math.round(performance.now()-t), Math.round(process.memoryUsage().rss/1e6), out.slice(0,200)); }, 120000);
}
