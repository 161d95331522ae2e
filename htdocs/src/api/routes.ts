// Made by htdocs/make_types.py from doc/openapi.yaml; change that file, not this one.

export type Nothing = Record<string, never>;
export type List = { next: number | null };
export type Digest = string;
export type Points = number;
export type Weight = number;
export type Balance = { available: Points; pending: number; escrow: number; held: number; held_frames: number; total: number; weight: Weight };
export type StatementLine = { id: number; kind: 'earn' | 'vest' | 'void' | 'boost' | 'payout' | 'refund' | 'adjust' | 'give'; created_at: string; available: number; pending: number; total: number; job: number | null; job_name: string | null; frame: number | null; slave: number | null; slave_name: string | null; other: string | null; reason: string | null };
export type Forecast = { position: number; boost: number; finish_at: string | null } | null;
export type Why = { rule: string; number: number; sentence: string };
export type Scope = 'read' | 'submit' | 'slaves' | 'admin';
export type User = { id: number; name: string; role: 'user' | 'moderator' | 'administrator' };
export type Token = { id: number; name: string; scopes: Scope[]; created_at: string; last_used_at: string | null };
export type Project = { id: number; name: string; jobs: number };
export type Shot = { id: number; project: number; project_name: string; sequence: string; name: string; state: 'waiting' | 'work' | 'review' | 'done'; said: boolean; jobs: number; latest: { job: number; state: 'active' | 'paused' | 'finished' | 'failed' | 'cancelled'; tasks: number; accepted: number } | null; picture: { job: number; accepted: number; output: Output } | null; created_at: string };
export type Slave = { id: number; name: string; slavekey: string; state: 'enabled' | 'disabled' | 'revoked'; online: boolean; os: string; cpu: string; cores: number; memory: number; gpus: string[]; settings: { wanted: SlaveWishes; hold: { threads: number; memory: number; minutes_per_frame: number; paused: boolean; schedule?: string[]; problems?: string[] } | null }; address: string | null; telemetry: TelemetryMinute | null; methods: ({ name: string; version: string; benchmark: number | null; power: number | null; age: number | null })[]; created_at: string; last_seen_at: string | null; frames_accepted: number; user: number; user_name: string; working_on: { job: number; task: number; frame: number; fraction: number }[] };
export type NotificationChoice = { kind: 'job_done' | 'job_paused' | 'slave_offline' | 'points'; channel: 'mail' | 'webhook' | 'browser' };
export type Notification = { id: number; kind: 'job_done' | 'job_paused' | 'slave_offline' | 'points' | 'test' | 'confirm'; channel: 'mail' | 'webhook' | 'browser'; message: string; job: number | null; slave: number | null; state: 'waiting' | 'sent' | 'given_up'; attempts: number; problem: string | null; created_at: string; ended_at: string | null };
export type Named = { id: number; name: string | null } | null;
export type Account = { id: number; name: string; email: string | null; role: 'user' | 'moderator' | 'administrator'; created_at: string; blocked_at: string | null; blocked_reason: string | null; jobs: number; slaves: number; total: Points; login_at: string | null };
export type Setting = { name: string; kind: 'text' | 'flag' | 'number' | 'fixed'; value: string | number | boolean; file: string | number | boolean; set: boolean; least: number | null; most: number | null };
export type Health = { version: string; uptime: number; stor: { free: number | null; total: number | null; keep: number }; database: { bytes: number; schema: number; tables: { name: string; rows: number; bytes: number }[] }; journal: { away: boolean; waiting: number; lag: number }; workers: { threads: number; waiting: number; queue: number; turned_away: number }; setup: { reachable: boolean; registration: boolean; slaves: boolean; jobs: boolean; second: boolean; mail: boolean } };
export type StatisticLevel = { mean: (number | null)[]; max: (number | null)[] };
export type Statistics = { of: 'grid' | 'mine'; span: 'day' | 'week' | 'month' | 'year' | 'all'; step: number; from: string; frames: number[]; failures: number[]; cpu: number[]; wall: number[]; points: Points[]; received: number[]; begun: number[]; wait: StatisticLevel; slaves: StatisticLevel; power: StatisticLevel; ready: StatisticLevel; leased: StatisticLevel };
export type SlaveWishes = { threads?: number | null; memory?: number | null; minutes_per_frame?: number | null; schedule?: string[] | null; paused?: boolean | null };
export type TelemetryMinute = { at: string; state: 'idle' | 'rendering' | 'suspended' | 'paused' | 'stopping' | null; load: number | null; cpu: number | null; memory_free: number | null; disk_free: number | null; temperature: number | null; battery: number | null; on_battery: boolean };
export type TelemetryFigure = { mean: number; max: number };
export type Telemetry = { memory: number | null; minutes_apart: number; minutes: TelemetryMinute[]; hours: ({ at: string; samples: number; rendering: number; load: TelemetryFigure | null; cpu: TelemetryFigure | null; memory_used: TelemetryFigure | null; temperature: TelemetryFigure | null; disk_least: number | null })[] };
export type JobState = 'active' | 'paused' | 'finished' | 'failed' | 'cancelled';
export type Parameters = { samples?: number; percentage?: number; format?: string; engine?: string; camera?: string; scene?: string };
export type NewJob = { name: string; method?: string; source: string; files: { path: string; sha256: Digest; size: number }[]; frames: string; parameters?: Parameters; priority?: number; project?: number; shot?: string; paused?: boolean; test_first?: boolean; parameter_file?: string; tiles?: string; overscan?: number; denoise?: boolean; video?: Record<string, unknown> };
export type Job = { id: number; name: string; user: number; user_name: string; project: number | null; method: string; state: JobState; reason: string | null; source: string; parameters: Parameters; output: Output; version: string; warnings: string[]; priority: number; tasks: number; accepted: number; failed: number; leased: number; progress: number; created_at: string; finished_at: string | null; escrow: number; boost: number; position: number | null; finish_at: string | null; waiting: string | null; tiles: number; approval: 'testing' | 'waiting' | null; after: number | null; submission: number | null; shot: number | null; shot_name: string | null; jobs: { id: number; name: string; method: string; result: boolean; folder: string }[] };
export type Task = { id: number; frame: number; tile: number | null; state: 'ready' | 'leased' | 'accepted' | 'failed' | 'cancelled'; fraction: number | null; failures: number; slave: number | null; slave_name: string | null; output: string | null; size: number | null; sha256: string | null; wall: number; cpu: number; reason: string | null };
export type Output = { format: string; width?: number; height?: number; pattern: string; fps: number; tiles?: { columns: number; rows: number; overscan: number; whole: boolean } };
export type SceneFound = { active: string | null; cameras: string[]; saved_by: string; scenes: ({ name: string; camera: string | null; frame_start: number | null; frame_end: number | null; frame_step: number | null; engine: string | null; width: number | null; height: number | null; percentage: number | null; fps: number | null; format: string | null; samples: number | null; denoising: boolean | null; view_layers: string[] })[] } | null;
export type Preview = { state: 'none' | 'making' | 'ready' | 'failed' | 'unavailable'; fresh: boolean; progress: number | null; problem: string | null; frames: number; step: number; url: string | null };
export type OutputFile = { frame: number; name: string; size: number; sha256: Digest; url: string };
export type NotificationSettingsAnswer = { email: string | null; confirmed: boolean; mail: boolean; webhook: string | null; secret: string | null; webhooks: boolean; choices: NotificationChoice[]; newest: number };
export type SettingsAnswer = List & { items: Setting[] };
export type SessionAnswer = { user: User; token: string; csrf: string };
export type SlaveAnswer = Slave;
export type SlaveBlocksAnswer = { items: ({ kind: 'user' | 'project' | 'job'; target: number; name: string })[] };
export type SlaveCredentialsAnswer = { id: number; name: string; slavekey: string; slavepassword: string };
export type SlaveAnswerAnswer = Record<string, unknown>;
export type JobAnswer = Job;
export type ReceiptAnswer = { id: number; kind: 'boost' | 'give' | 'adjust'; points: Points; job: number; from: string | null; to: string | null; reason: string | null };

export interface Routes {
  'POST /api/v1/register': {
    query: Nothing;
    body: { name: string; email?: string; password: string };
    answer: SessionAnswer;
  };
  'POST /api/v1/login': {
    query: Nothing;
    body: { name: string; password: string };
    answer: SessionAnswer;
  };
  'POST /api/v1/logout': {
    query: Nothing;
    body: undefined;
    answer: null;
  };
  'GET /api/v1/me': {
    query: Nothing;
    body: undefined;
    answer: { user: User; csrf?: string; event: string };
  };
  'GET /api/v1/tokens': {
    query: Nothing;
    body: undefined;
    answer: List & { items: Token[] };
  };
  'POST /api/v1/tokens': {
    query: Nothing;
    body: { name: string; scopes: Scope[] };
    answer: { id: number; name: string; scopes: Scope[]; secret: string };
  };
  'DELETE /api/v1/tokens/{id}': {
    query: Nothing;
    body: undefined;
    answer: null;
  };
  'GET /api/v1/slaves': {
    query: { limit?: number; before?: number; all?: 0 | 1 };
    body: undefined;
    answer: List & { items: Slave[] };
  };
  'POST /api/v1/slaves': {
    query: Nothing;
    body: { name: string };
    answer: SlaveCredentialsAnswer;
  };
  'GET /api/v1/slaves/{id}': {
    query: Nothing;
    body: undefined;
    answer: SlaveAnswer;
  };
  'PATCH /api/v1/slaves/{id}': {
    query: Nothing;
    body: { name?: string; state?: 'enabled' | 'disabled' };
    answer: SlaveAnswer;
  };
  'DELETE /api/v1/slaves/{id}': {
    query: Nothing;
    body: undefined;
    answer: null;
  };
  'POST /api/v1/slaves/{id}/password': {
    query: Nothing;
    body: undefined;
    answer: SlaveCredentialsAnswer;
  };
  'GET /api/v1/slaves/{id}/why': {
    query: Nothing;
    body: undefined;
    answer: Why;
  };
  'GET /api/v1/slaves/{id}/blocks': {
    query: Nothing;
    body: undefined;
    answer: SlaveBlocksAnswer;
  };
  'POST /api/v1/slaves/{id}/blocks': {
    query: Nothing;
    body: { user?: string; project?: number; job?: number };
    answer: SlaveBlocksAnswer;
  };
  'DELETE /api/v1/slaves/{id}/blocks/{kind}/{target}': {
    query: Nothing;
    body: undefined;
    answer: null;
  };
  'PATCH /api/v1/slaves/{id}/settings': {
    query: Nothing;
    body: SlaveWishes;
    answer: SlaveAnswer;
  };
  'GET /api/v1/slaves/{id}/telemetry': {
    query: { hours?: number };
    body: undefined;
    answer: Telemetry;
  };
  'GET /api/v1/points': {
    query: Nothing;
    body: undefined;
    answer: Balance;
  };
  'GET /api/v1/points/statement': {
    query: { limit?: number; before?: number };
    body: undefined;
    answer: List & { items: StatementLine[] };
  };
  'POST /api/v1/points/give': {
    query: Nothing;
    body: { to: string; points: Points; reason?: string };
    answer: ReceiptAnswer;
  };
  'POST /api/v1/points/adjust': {
    query: Nothing;
    body: { from?: string; to?: string; points: Points; reason: string };
    answer: ReceiptAnswer;
  };
  'GET /api/v1/ranking': {
    query: { limit?: number; after?: number };
    body: undefined;
    answer: List & { items: { place: number; user: number; user_name: string; total: Points; weight: Weight }[] };
  };
  'GET /api/v1/ledger/check': {
    query: Nothing;
    body: undefined;
    answer: { clean: boolean; invariants: ({ name: string; holds: boolean; detail: string | null })[] };
  };
  'GET /api/v1/projects': {
    query: Nothing;
    body: undefined;
    answer: List & { items: Project[] };
  };
  'POST /api/v1/projects': {
    query: Nothing;
    body: { name: string };
    answer: Project;
  };
  'GET /api/v1/projects/{id}': {
    query: Nothing;
    body: undefined;
    answer: Project;
  };
  'GET /api/v1/projects/{id}/shots': {
    query: { limit?: number; after?: number };
    body: undefined;
    answer: List & { items: Shot[] };
  };
  'POST /api/v1/projects/{id}/shots': {
    query: Nothing;
    body: { sequence: string; name: string };
    answer: Shot;
  };
  'GET /api/v1/shots/{id}': {
    query: Nothing;
    body: undefined;
    answer: Shot;
  };
  'PATCH /api/v1/shots/{id}': {
    query: Nothing;
    body: { sequence?: string; name?: string; state?: 'auto' | 'waiting' | 'work' | 'review' | 'done' };
    answer: Shot;
  };
  'DELETE /api/v1/shots/{id}': {
    query: Nothing;
    body: undefined;
    answer: null;
  };
  'GET /api/v1/shots/{id}/jobs': {
    query: Nothing;
    body: undefined;
    answer: List & { items: Job[] };
  };
  'POST /api/v1/shots/{id}/jobs': {
    query: Nothing;
    body: { job: number };
    answer: Shot;
  };
  'DELETE /api/v1/shots/{id}/jobs/{job}': {
    query: Nothing;
    body: undefined;
    answer: null;
  };
  'POST /api/v1/blobs/missing': {
    query: Nothing;
    body: { sha256: Digest[] };
    answer: { missing: Digest[] };
  };
  'GET /api/v1/blobs/{sha256}': {
    query: { for?: string; expires?: number; signature?: string };
    body: undefined;
    answer: null;
  };
  'GET /api/v1/jobs/{id}/files': {
    query: { expires?: number; signature?: string };
    body: undefined;
    answer: { files: { path: string; size: number; sha256: Digest; url: string }[] };
  };
  'GET /api/v1/files/jobs/{id}/output/{name}': {
    query: { sha256?: Digest; expires?: number; signature?: string };
    body: undefined;
    answer: null;
  };
  'GET /api/v1/files/jobs/{id}/zip/{name}': {
    query: { expires?: number; signature?: string };
    body: undefined;
    answer: null;
  };
  'POST /api/v1/uploads': {
    query: { attempt?: number; slave?: number; name?: string; limit?: number; expires?: number; signature?: string };
    body: undefined;
    answer: null;
  };
  'PATCH /api/v1/uploads/{id}': {
    query: Nothing;
    body: undefined;
    answer: null;
  };
  'DELETE /api/v1/uploads/{id}': {
    query: Nothing;
    body: undefined;
    answer: null;
  };
  'GET /api/v1/jobs': {
    query: { limit?: number; before?: number; all?: 0 | 1; state?: JobState };
    body: undefined;
    answer: List & { items: Job[] };
  };
  'POST /api/v1/jobs': {
    query: Nothing;
    body: NewJob;
    answer: JobAnswer;
  };
  'POST /api/v1/jobs/check': {
    query: Nothing;
    body: NewJob;
    answer: { problem: string | null; frames: number; jobs: number; version: string; parameters: Parameters; output: Output; warnings: string[]; needs: ({ path: string; kind: string; state: 'here' | 'missing' | 'absolute' | 'outside' | 'other case' })[]; memory_mib: number | null; scene: SceneFound };
  };
  'GET /api/v1/jobs/{id}': {
    query: Nothing;
    body: undefined;
    answer: JobAnswer;
  };
  'PATCH /api/v1/jobs/{id}': {
    query: Nothing;
    body: { name?: string; priority?: number; shot?: string };
    answer: JobAnswer;
  };
  'DELETE /api/v1/jobs/{id}': {
    query: Nothing;
    body: undefined;
    answer: null;
  };
  'POST /api/v1/jobs/{id}/pause': {
    query: Nothing;
    body: undefined;
    answer: JobAnswer;
  };
  'POST /api/v1/jobs/{id}/resume': {
    query: Nothing;
    body: undefined;
    answer: JobAnswer;
  };
  'POST /api/v1/jobs/{id}/cancel': {
    query: Nothing;
    body: undefined;
    answer: JobAnswer;
  };
  'POST /api/v1/jobs/{id}/requeue': {
    query: Nothing;
    body: { frames?: 'failed' | 'all' };
    answer: JobAnswer;
  };
  'POST /api/v1/jobs/{id}/approve': {
    query: Nothing;
    body: undefined;
    answer: JobAnswer;
  };
  'GET /api/v1/jobs/{id}/why': {
    query: Nothing;
    body: undefined;
    answer: Why;
  };
  'GET /api/v1/jobs/{id}/boost/quote': {
    query: { points: Points };
    body: undefined;
    answer: { job: number; points: Points; available: Points; escrow: Points; remaining: number | null; now: Forecast; then: Forecast };
  };
  'POST /api/v1/jobs/{id}/boost': {
    query: Nothing;
    body: { points: Points };
    answer: ReceiptAnswer;
  };
  'GET /api/v1/jobs/{id}/tasks': {
    query: { limit?: number; after?: number };
    body: undefined;
    answer: List & { items: Task[] };
  };
  'GET /api/v1/jobs/{id}/output': {
    query: { limit?: number; after?: number };
    body: undefined;
    answer: List & { items: OutputFile[] };
  };
  'GET /api/v1/jobs/{id}/zip': {
    query: Nothing;
    body: undefined;
    answer: { name: string; files: number; size: number; url: string };
  };
  'GET /api/v1/jobs/{id}/preview': {
    query: Nothing;
    body: undefined;
    answer: Preview;
  };
  'GET /api/v1/jobs/{id}/preview/{name}': {
    query: Nothing;
    body: undefined;
    answer: null;
  };
  'GET /api/v1/jobs/{id}/sources': {
    query: Nothing;
    body: undefined;
    answer: List & { items: { path: string; sha256: Digest; size: number }[] };
  };
  'POST /api/v1/jobs/{id}/tasks/{task}/requeue': {
    query: Nothing;
    body: undefined;
    answer: JobAnswer;
  };
  'GET /api/v1/jobs/{id}/tasks/{task}/log': {
    query: Nothing;
    body: undefined;
    answer: { task: number; live: boolean; text: string };
  };
  'GET /api/v1/jobs/{id}/tasks/{task}/picture': {
    query: { size?: 256 | 1024; v?: string };
    body: undefined;
    answer: null;
  };
  'GET /api/v1/jobs/{id}/picture': {
    query: { size?: 256 | 1024; v?: string };
    body: undefined;
    answer: null;
  };
  'GET /api/v1/notifications': {
    query: { limit?: number; before?: number; after?: number; channel?: 'mail' | 'webhook' | 'browser' };
    body: undefined;
    answer: List & { items: Notification[] };
  };
  'GET /api/v1/notifications/settings': {
    query: Nothing;
    body: undefined;
    answer: NotificationSettingsAnswer;
  };
  'PATCH /api/v1/notifications/settings': {
    query: Nothing;
    body: { email?: string; webhook?: string; choices?: NotificationChoice[] };
    answer: NotificationSettingsAnswer;
  };
  'POST /api/v1/notifications/code': {
    query: Nothing;
    body: undefined;
    answer: null;
  };
  'POST /api/v1/notifications/confirm': {
    query: Nothing;
    body: { code: string };
    answer: NotificationSettingsAnswer;
  };
  'POST /api/v1/notifications/test': {
    query: Nothing;
    body: { channel: 'mail' | 'webhook' | 'browser' };
    answer: null;
  };
  'GET /api/v1/admin/users': {
    query: { limit?: number; before?: number; search?: string; which?: 'staff' | 'blocked' };
    body: undefined;
    answer: List & { items: Account[] };
  };
  'PATCH /api/v1/admin/users/{id}': {
    query: Nothing;
    body: { role: 'user' | 'moderator' | 'administrator' };
    answer: null;
  };
  'POST /api/v1/admin/users/{id}/block': {
    query: Nothing;
    body: { reason: string };
    answer: { jobs: number; slaves: number };
  };
  'POST /api/v1/admin/users/{id}/unblock': {
    query: Nothing;
    body: undefined;
    answer: null;
  };
  'GET /api/v1/admin/settings': {
    query: Nothing;
    body: undefined;
    answer: SettingsAnswer;
  };
  'PATCH /api/v1/admin/settings/{name}': {
    query: Nothing;
    body: { value: string | number | boolean | null };
    answer: SettingsAnswer;
  };
  'GET /api/v1/admin/events': {
    query: { limit?: number; before?: number; kind?: string };
    body: undefined;
    answer: List & { items: { id: number; created_at: string; kind: string; user: Named; slave: Named; job: Named; message: string }[] };
  };
  'GET /api/v1/admin/methods': {
    query: Nothing;
    body: undefined;
    answer: List & { items: ({ name: string; defined: boolean; benchmark: boolean; versions: ({ version: string; slaves: number; lately: number; power: number | null })[] })[] };
  };
  'GET /api/v1/admin/health': {
    query: Nothing;
    body: undefined;
    answer: Health;
  };
  'GET /api/v1/statistics': {
    query: { of?: 'grid' | 'mine'; span?: 'day' | 'week' | 'month' | 'year' | 'all' };
    body: undefined;
    answer: Statistics;
  };
  'GET /api/v1/events': {
    query: { since?: string; job?: number; slaves?: 0 | 1; all?: 0 | 1 };
    body: undefined;
    answer: null;
  };
  'GET /api/v1/status': {
    query: Nothing;
    body: undefined;
    answer: { name: string; version: string; time: number; slaves: { online: number; total: number }; jobs: { active: number }; frames: { ready: number; leased: number; accepted: number; an_hour: number }; power: number; url: string | null; line_port: number; people: number; registration: boolean };
  };
  'GET /api/v1/openapi.yaml': {
    query: Nothing;
    body: undefined;
    answer: null;
  };
  'GET /metrics': {
    query: Nothing;
    body: undefined;
    answer: null;
  };
  'GET /healthz': {
    query: Nothing;
    body: undefined;
    answer: null;
  };
}
