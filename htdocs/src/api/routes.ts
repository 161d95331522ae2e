// The routes of the API as 'METHOD /path', by their types in schema.d.ts, which openapi-typescript writes.
import type { components, paths } from './schema';

export type {
  Balance,
  Forecast,
  Health,
  Invitation,
  Job,
  JobState,
  LedgerCheck,
  NotificationChoice,
  Operation,
  Parameters,
  Preview,
  Problem,
  Project,
  SceneFound,
  Scope,
  Session,
  Setting,
  Shot,
  Slave,
  StatementLine,
  Statistics,
  Task,
  Telemetry,
  Token,
  User,
  Webhook,
  WebhookDelivery,
} from './schema';

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
type RouteOf<Path extends keyof paths> = {
  [M in Method]: paths[Path][M] extends { responses: unknown } ? `${Uppercase<M>} ${Path}` : never;
}[Method];

export type Route = { [Path in keyof paths]: RouteOf<Path> }[keyof paths];

type OperationOf<R extends Route> = R extends `${infer M} ${infer Path}`
  ? Path extends keyof paths
    ? Lowercase<M> extends keyof paths[Path]
      ? paths[Path][Lowercase<M>]
      : never
    : never
  : never;
type ParametersOf<R extends Route> = OperationOf<R> extends { parameters: infer P } ? P : never;
type Json<T> = T extends { content: { 'application/json': infer Content } } ? Content : null;
type Responses<R extends Route> = OperationOf<R> extends { responses: infer Found } ? Found : never;

/** What is sent as JSON; undefined where nothing is. */
export type BodyOf<R extends Route> = OperationOf<R> extends { requestBody: infer Body }
  ? Json<Body>
  : OperationOf<R> extends { requestBody?: infer Body }
  ? Json<NonNullable<Body>> | undefined
  : undefined;
export type QueryOf<R extends Route> = ParametersOf<R> extends { query?: infer Query } ? Query : never;
/** What stands in the path's braces; undefined where there are none. */
export type PathOf<R extends Route> = ParametersOf<R> extends { path: infer Path } ? Path : undefined;
/** What is answered as JSON; null where nothing is. */
export type AnswerOf<R extends Route> = Responses<R> extends { 200: infer Reply }
  ? Json<Reply>
  : Responses<R> extends { 201: infer Reply }
  ? Json<Reply>
  : Responses<R> extends { 202: infer Reply }
  ? Json<Reply> | (Responses<R> extends { 204: unknown } ? null : never)
  : null;

type Shared<Name extends keyof components['responses']> = Json<components['responses'][Name]>;
export type NotificationSettingsAnswer = Shared<'NotificationSettings'>;
export type SessionAnswer = Shared<'Session'>;
export type SlaveCredentialsAnswer = Shared<'SlaveCredentials'>;
