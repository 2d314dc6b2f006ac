import manifest from '../../package.json' with { type: 'json' };

/** What runs here, for the log, `version` and error reports. */
export const product: { readonly name: string; readonly version: string } = {
  name: manifest.name,
  version: manifest.version,
};
