/** Another process has set up another configuration since this one started (architecture 8): nothing is changed here. */
export class ConfigurationSuperseded extends Error {
  override readonly name = 'ConfigurationSuperseded';
  readonly code = 'configuration-superseded';
}
