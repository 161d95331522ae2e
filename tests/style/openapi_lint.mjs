// Lints an OpenAPI document by Redocly's recommended rules. Usage: openapi_lint.mjs TOOLS DOCUMENT, where TOOLS is the folder in
// which web.sh installed openapi-typescript, which brings the linter along. Prints a line for each problem.
import { createRequire } from 'node:module';

const require = createRequire(`${process.argv[2]}/node_modules/`);
const { createConfig, lint } = require('@redocly/openapi-core');
const config = await createConfig({ extends: ['recommended'] });
// What only tells old programs that they are too old has no good answer.
const onlyRefuses = '#/paths/~1api~1v1~1slave~1{message}/post/responses';
for (const problem of await lint({ ref: process.argv[3], config })) {
  if (problem.ruleId === 'operation-2xx-response' && problem.location[0]?.pointer === onlyRefuses) continue;
  console.log(`${problem.severity} ${problem.ruleId}: ${problem.message.split('\n')[0]} at ${problem.location[0]?.pointer}`);
}
