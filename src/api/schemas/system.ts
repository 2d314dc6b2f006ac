import { z } from 'zod';
import { named } from './registry.ts';

const settingRow = named('Setting', z.object({ key: z.string(), value: z.string(), origin: z.string() }));
export type Setting = z.output<typeof settingRow>;
export const settingList = named('SettingList', z.object({ items: z.array(settingRow).readonly() }));
export const version = named('Version', z.object({ version: z.string(), schema: z.string(), node: z.string() }));
export type Version = z.output<typeof version>;
export const health = named(
  'Health',
  z.object({ status: z.enum(['ok', 'unavailable']), reason: z.string().optional() }),
);
