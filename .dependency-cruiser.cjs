/**
 * Who may import whom: one rule per sentence of the house.
 *
 * test/unit/house/imports.test.ts breaks each of these rules once in test/fixtures/house/imports and expects to hear its
 * name, so a new rule needs a new planted violation. Paths in `node_modules` are matched without an anchor, because seen
 * from that fixture they start with `../`.
 */

/** Modules of the named npm packages; a scope such as `@fastify` stands for all its packages. */
const packages = (...names) => `(^|/)node_modules/(@types/)?(${names.join('|')})/`;

/** Folders that say by ports what they need of a store and a queue. */
const useCases = '^src/(users|people-csv|runs|import|apply|history|access|notify)/';

/** What runs in production: tests may import whatever they like. */
const production = '^(src|connectors)/';

/** `names` may be imported by production code in `home` only. */
const onlyIn = (name, home, names) => ({
  name,
  comment: `${names.join(', ')}: only in ${home}`,
  severity: 'error',
  from: { path: production, pathNot: home },
  to: { path: packages(...names) },
});

module.exports = {
  forbidden: [
    {
      name: 'domain-imports-only-zod',
      comment:
        'The words and rules of the specification depend on nothing else, so that everything may depend on them.',
      severity: 'error',
      from: { path: '^src/domain/' },
      to: { pathNot: ['^src/domain/', packages('zod')] },
    },
    {
      name: 'reconcile-imports-only-domain',
      comment: 'Deciding is pure: no clock, no randomness, no I/O, no logger. A digest is none of these.',
      severity: 'error',
      from: { path: '^src/reconcile/' },
      to: { pathNot: ['^src/(reconcile|domain)/', '^src/digest\\.ts$'] },
    },
    {
      name: 'connector-stays-in-its-house',
      comment:
        'A connector is its own folder on top of the kit: never the store, another connector, or a client library.',
      severity: 'error',
      from: { path: '^connectors/([^/]+)/' },
      to: { pathNot: ['^connectors/$1/', '^src/connector-kit/', '^src/domain/', packages('zod')] },
    },
    {
      name: 'connector-uses-domain-types-only',
      comment: 'What a connector does with a value at run time belongs into the kit.',
      severity: 'error',
      from: { path: '^connectors/' },
      to: { path: '^src/domain/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'registry-lists-only-connectors',
      comment: 'Adding a kind of source is one line: the import of its connector.',
      severity: 'error',
      from: { path: '^connectors/[^/]+$' },
      to: { pathNot: ['^connectors/[^/]+/connector\\.ts$', '^src/connector-kit/'] },
    },
    {
      name: 'kit-stands-on-domain',
      comment: 'Whatever the kit imports, every connector has; the store or the queue must not come in that way.',
      severity: 'error',
      from: { path: '^src/connector-kit/' },
      to: { path: production, pathNot: ['^src/(connector-kit|domain|telemetry)/', '^src/loopback\\.ts$'] },
    },
    {
      name: 'only-daemon-knows-connectors',
      comment: 'The composition root picks connectors by kind; everybody else sees the contract.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/daemon\\.ts$' },
      to: { path: '^connectors/' },
    },
    {
      name: 'only-cli-starts-the-daemon',
      comment: 'The composition root stands above everything that it builds.',
      severity: 'error',
      from: { path: production, pathNot: '^src/(cli/|main\\.ts$)' },
      to: { path: '^src/daemon\\.ts$' },
    },
    {
      name: 'nobody-imports-cli',
      comment: 'The commands are a client; only the binary hands over to them.',
      severity: 'error',
      from: { path: production, pathNot: '^src/(cli/|main\\.ts$)' },
      to: { path: '^src/cli/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'nobody-imports-main',
      comment: 'Importing the binary would run it.',
      severity: 'error',
      from: { path: production },
      to: { path: '^src/main\\.ts$' },
    },
    {
      name: 'use-cases-declare-ports',
      comment:
        'users, people-csv, runs, import, apply, history, access and notify say what they need; they do not know who provides it.',
      severity: 'error',
      from: { path: useCases },
      to: { path: '^src/(store|queue|api|console)/' },
    },
    {
      name: 'adapters-take-only-the-ports',
      comment: 'store and queue implement the ports: they need the types of the use cases, never their code.',
      severity: 'error',
      from: { path: '^src/(store|queue)/' },
      to: { path: useCases, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'adapters-stand-apart',
      comment: 'store and queue know neither each other nor who serves the outside.',
      severity: 'error',
      from: { path: '^src/(store|queue)/' },
      to: { path: '^src/(store|queue|api|console)/', pathNot: '^src/$1/' },
    },
    {
      name: 'console-takes-only-ports',
      comment: 'Pages see what the API sees: its ports, the words of the domain, who is signed in.',
      severity: 'error',
      from: { path: '^src/console/' },
      to: { path: production, pathNot: '^src/(console|api|access|domain|users)/' },
    },
    {
      name: 'console-uses-users-types-only',
      comment: 'Acts come from the composition root, with everything that they stand on.',
      severity: 'error',
      from: { path: '^src/console/' },
      to: { path: '^src/users/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'api-knows-no-console',
      comment: 'The composition root hands the pages over; the API works without them.',
      severity: 'error',
      from: { path: '^src/api/' },
      to: { path: '^src/console/' },
    },
    onlyIn('templates-only-in-one-file', '^src/console/html\\.ts$', ['hono']),
    onlyIn('database-only-in-store', '^src/store/', ['knex', 'pg', 'pg-[^/]+', '@electric-sql']),
    onlyIn('bullmq-only-in-queue', '^src/queue/', ['bullmq', 'ioredis']),
    onlyIn('node-cron-only-in-runs', '^src/runs/', ['node-cron']),
    onlyIn('fastify-only-in-api-and-console', '^src/(api|console)/', ['fastify', '@fastify', 'fastify-[^/]+']),
    onlyIn('ldapts-only-in-connector-kit', '^src/connector-kit/', ['ldapts']),
    onlyIn('http-and-xml-only-in-connector-kit', '^src/connector-kit/', [
      'got',
      'fast-xml-parser',
      'fast-xml-validator',
    ]),
    onlyIn('nodemailer-only-in-notify', '^src/notify/', ['nodemailer']),
    onlyIn('openid-only-in-access', '^src/access/open-id/', ['openid-client', 'oauth4webapi', 'jose']),
    onlyIn('commander-only-in-cli', '^src/cli/', ['commander']),
    {
      name: 'nock-only-in-one-helper',
      comment: 'One place decides that a forgotten interceptor or a real connection fails the test.',
      severity: 'error',
      from: { pathNot: '^test/support/http-mock\\.ts$' },
      to: { path: packages('nock') },
    },
    {
      name: 'production-never-imports-test',
      comment: 'What runs at a customer does not contain test code.',
      severity: 'error',
      from: { path: production },
      to: { path: '^test/' },
    },
    {
      name: 'production-needs-no-dev-dependency',
      comment: 'The image is installed without them.',
      severity: 'error',
      from: { path: production },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-cycles',
      comment: 'Two modules that need each other are one, or hide a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unresolvable',
      comment: 'What cannot be found cannot be judged by the other rules.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Planted violations, and samples that are data.
    exclude: { path: '^test/fixtures/' },
    // `import type` counts too: a type of knex in the domain is knex in the domain.
    tsPreCompilationDeps: true,
    moduleSystems: ['es6', 'cjs'],
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
