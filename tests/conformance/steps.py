"""Every operation of the document, called once in an order that makes sense: things are made, looked at, changed and removed. A
step is a case, named after its operation; body None means the document's example."""
import urllib.parse

from client import ABSENT
from tap import Skip, wait_until
from things import base64_of

STEPS, LAST = [], []
# Operations without a success that a suite could see, each with its reason.
UNREACHABLE = {
    "rejectOldSlave": "it only tells slaves of version 0.1 that they are too old",
    "confirmEmail": "the code is in an e-mail alone",
    "sendEmailCode": "nobody reads the e-mails of this account",
    "createPasswordReset": "a grid without e-mail has none",
    "confirmPasswordReset": "the token is in an e-mail alone",
    "createRenderer": "an archive of a render program is no example",
    "showRenderer": "as above",
    "changeRenderer": "as above",
    "deleteRenderer": "as above",
}


def step(name, ids=None, query=None, body=None, status=None, then=None, needs=None, last=False, **more):
    """Adds a step. ids, query, body and headers may be functions of the things; needs(things) may skip; then(things, answer)."""
    def run(suite):
        things, client = suite.things, suite.client
        if needs:
            needs(things)

        def made(value):
            return value(things) if callable(value) else value
        operation = client.document.operations[name]
        content = client.document.body(operation)[1]
        sent = made(body)
        if sent is None:
            sent = things.example(name) if "example" in content else ABSENT
        address = made(more.get("address"))
        call = client.follow if address else client.call
        where = (name, address) if address else (name,)
        answer = call(*where, **({} if address else {"ids": {**things.ids, **(made(ids) or {})}, "query": made(query)}),
                      body=sent, data=made(more.get("data")), headers=made(more.get("headers")), token=made(more.get("token")))
        wanted = (status,) if isinstance(status, int) else status
        assert answer.status in wanted if wanted else 200 <= answer.status < 300, answer
        if then:
            then(things, answer)
    run.operation = name
    (LAST if last else STEPS).append(run)


def administrator(things):
    if not things.administers:
        raise Skip("needs the account of an administrator")


def other_account(things):
    if not things.other_id:
        raise Skip("needs a second account, and registration is closed")


def administered_other(things):
    administrator(things)
    other_account(things)


def points(things):
    if things.client.call("showBalance").json["available_millipoints"] < 2000:
        raise Skip("needs an account with two points")


def frame(things):
    things.needs_order()


def keep(*names):
    """then: the answer's id as that of these path parameters."""
    return lambda things, answer: things.ids.update({name: answer.json["id"] for name in names})


def address_of(operation, member="url"):
    return lambda things, answer: things.address.update({operation: answer.json[member]})


def fresh_key(things):
    return {"Idempotency-Key": f"conformance-{things.seed}-{len(things.client.seen)}"}


# --- the grid --------------------------------------------------------------------------------------------------------
for each in ("showGrid", "showOpenapi", "showLiveness", "showReadiness"):
    step(each, token="")
step("showMetrics", token="")
step("showProblem", ids={"code": "not_found"}, token="")
step("rejectOldSlave", ids={"message": "hello"}, status=400, token="")

# --- people ----------------------------------------------------------------------------------------------------------


def registered(things, answer):
    if answer.status == 403:
        raise Skip("registration is closed")
    things.other_id = things.ids["user_id"] = answer.json["user"]["id"]


step("createUser", status=(201, 403), token="", then=registered)
def other_login(things):
    """A session of the second account, for what would end or change that of the suite."""
    other_account(things)
    answer = things.client.call("createSession", body=things.example("createSession"), token="")
    things.address["session"] = answer.json["token"]


def other_token(things):
    return things.address["session"]


def other_session(things):
    return {"session_id": things.client.call("listSessions", token=other_token(things)).json["items"][0]["id"]}


def new_password(things):
    """The example's, with the password of the second account."""
    changed = things.example("changePassword", current_password=things.other_password)
    things.other_password = changed["new_password"]
    return changed


step("createSession", token="", needs=other_account)
step("deleteCurrentSession", token=other_token, needs=other_login)
step("showCurrentSession")
step("listSessions")
step("endSession", token=other_token, needs=other_login, ids=other_session)
step("changeMe", token=other_token, needs=other_login,
     body=lambda things: things.example("changeMe", current_password=things.other_password))
step("changePassword", token=other_token, needs=other_login, body=new_password)
step("createPasswordReset", status=(202, 409), token="")
step("confirmPasswordReset", ids={"reset_id": 1}, status=(400, 403, 404), token="")
step("showMe")
step("showUser", ids=lambda things: {"user_id": things.me["id"]})
step("createToken", then=keep("token_id"))
step("listTokens", query={"limit": 1})
step("listNotifications")
step("showPreferences")
step("changePreferences")
step("testNotification")
step("sendEmailCode", status=(204, 409))
step("confirmEmail", status=(400, 409))
step("createWebhook", then=keep("webhook_id"))
for each in ("listWebhooks", "showWebhook", "changeWebhook", "rotateWebhook", "testWebhook"):
    step(each)
step("listDeliveries", then=lambda things, answer: things.ids.update(delivery_id=answer.json["items"][0]["id"]))
step("resendDelivery", status=(202, 409))
step("createInvitation", needs=administrator, then=keep("invitation_id"))
step("listInvitations", needs=administrator)
step("revokeInvitation", needs=administrator)
step("listRenderers")
step("createRenderer", needs=administrator, status=(201, 409))  # 409: the example's archive was not uploaded
for each in ("showRenderer", "changeRenderer", "deleteRenderer"):
    step(each, needs=administrator, ids={"renderer_id": 1}, status=(200, 204, 404, 409))
step("listUsers", needs=administrator, query=lambda things: {"q": things.other})
step("changeUser", needs=administered_other,
     then=lambda things, answer: things.client.call("changeUser", ids=things.ids, body={"role": "user"}))
step("blockUser", needs=administered_other)
step("unblockUser", needs=administered_other)

# --- points ----------------------------------------------------------------------------------------------------------
step("showBalance")
step("createAdjustment", needs=administrator, headers=fresh_key, body=lambda things: things.example("createAdjustment", to=things.me["name"]))
step("createTransfer", needs=lambda things: (other_account(things), points(things)), headers=fresh_key)
step("listTransactions")
step("listRanking")

# --- slaves ----------------------------------------------------------------------------------------------------------


def enrolled(things, answer):
    things.slave = answer.json
    things.ids["slave_id"] = answer.json["id"]


step("createSlave", then=enrolled)
step("listSlaves")
step("showSlave")
step("changeSlave", body=lambda things: things.example("changeSlave", name="conformance-" + things.seed))
step("changeRemoteSettings")
step("explainSlave")
step("showTelemetry")
step("disableSlave")
step("enableSlave")
step("rotateSlave", then=enrolled)

# --- files and jobs --------------------------------------------------------------------------------------------------
step("createProject", body=lambda things: things.example("createProject", name="Film " + things.seed), then=keep("project_id"))
step("listProjects")
step("showProject")
step("changeProject", body=lambda things: things.example("changeProject", name="Feature " + things.seed))
step("createShot", then=keep("shot_id"))
step("listShots")
step("showShot")
step("showUploadOptions")


def upload_headers(things):
    return {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(things.scene)),
            "Upload-Metadata": f"sha256 {base64_of(things.digest)},filename {base64_of('opening.blend')}"}


def begun(things, answer):
    things.ids["upload_id"] = answer.headers["Location"].rsplit("/", 1)[1]


step("createUpload", headers=upload_headers, data=lambda things: things.scene[:7], then=begun)
step("showUpload", headers={"Tus-Resumable": "1.0.0"})
step("deleteUpload", headers={"Tus-Resumable": "1.0.0"}, then=lambda things, answer: begun(things, things.upload(things.scene, 9)))
step("appendUpload", headers={"Tus-Resumable": "1.0.0", "Upload-Offset": "9"}, data=lambda things: things.scene[9:])
step("findMissingBlobs")
step("checkSubmission")
step("createSubmission", body=lambda things: things.example("createSubmission", project_id=things.ids["project_id"]),
     then=keep("job_id", "submission_id"))
for each in ("listSubmissions", "showSubmission", "listJobs", "showJob", "changeJob", "pauseJob", "resumeJob", "explainJob", "listInputs"):
    step(each)
step("listTasks", then=lambda things, answer: things.ids.update(task_id=answer.json["items"][0]["id"]))
step("listShotJobs")
step("changeShot")


def blocked_job(things):
    return {"kind": "jobs", "target_id": things.ids["job_id"]}


step("addBlock", ids=blocked_job)
step("listBlocks")
step("deleteBlock", ids=blocked_job)
step("quoteBoost", query={"millipoints": 1000})
step("createBoost", needs=points, headers=fresh_key)
step("changeJobs", body=lambda things: things.example("changeJobs", ids=[things.ids["job_id"]]),
     then=lambda things, answer: things.client.call("resumeJob", ids=things.ids))
step("changeTasks", body=lambda things: things.example("changeTasks", ids=[things.ids["task_id"]]))
step("changeSlaves", body=lambda things: things.example("changeSlaves", ids=[things.ids["slave_id"]]),
     then=lambda things, answer: things.client.call("enableSlave", ids=things.ids))


def signed_on(things, answer):
    """Says goodbye, so that the slave renders over a session of its own; all but its last frame, which fails."""
    (welcome,) = [each for each in answer.json["messages"] if each["type"] == "welcome"]
    things.client.call("exchangeMessages", body={"messages": [{"type": "goodbye"}]}, token=welcome["session"])
    things.render(things.ids["job_id"], 3, fail_last=True)


step("exchangeMessages", token="", then=signed_on)
step("fetchInputs", needs=frame, token="", address=lambda things: things.order["inputs_url"],
     then=lambda things, answer: things.address.update(fetchBlob=answer.json["inputs"][0]["url"]))
step("fetchBlob", needs=frame, token="", address=lambda things: things.address["fetchBlob"])


def first_output(things, answer):
    things.address["fetchOutput"] = answer.json["items"][0]["url"]


step("listOutputs", needs=frame, then=first_output)
step("fetchOutput", needs=frame, token="", address=lambda things: things.address["fetchOutput"])
step("showArchive", needs=frame, then=address_of("fetchArchive"))
step("fetchArchive", needs=frame, token="", address=lambda things: things.address["fetchArchive"])


def failed_task(things):
    tasks = things.client.call("listTasks", ids=things.ids).json["items"]
    return {"task_id": next(each["id"] for each in tasks if each["failure"])}


def finished_task(things):
    tasks = things.client.call("listTasks", ids=things.ids).json["items"]
    return {"task_id": next(each["id"] for each in tasks if each["outputs"])}


step("showTaskLog", needs=frame, ids=failed_task)
step("fetchTaskImage", needs=frame, ids=finished_task)
step("fetchTaskThumbnail", needs=frame, ids=finished_task)
step("fetchJobImage", needs=frame)
step("fetchJobThumbnail", needs=frame)
step("createPreview", needs=frame)


def film(things):
    """The preview's address, once it is made."""
    frame(things)

    def look():
        preview = things.client.call("showPreview", ids=things.ids).json
        return preview if preview["state"] != "making" else None
    preview = wait_until("the preview is made", look, 120)
    if preview["state"] != "ready":
        raise Skip(f"the preview is {preview['state']}: {preview['problem']}")
    things.address["fetchPreview"] = urllib.parse.urljoin(f"/api/v1/jobs/{things.ids['job_id']}/preview", preview["url"])


step("showPreview")
step("fetchPreview", needs=film, address=lambda things: things.address["fetchPreview"])
step("requeueTask", needs=frame, ids=finished_task)


def test_frames(things):
    """A job that waits for approval."""
    frame(things)
    things.client.call("pauseJob", ids=things.ids)
    things.ids["test_job"] = things.submit(frames="1-5", test_first=True)
    things.render(things.ids["test_job"], 3)


step("approveJob", needs=test_frames, ids=lambda things: {"job_id": things.ids["test_job"]},
     then=lambda things, answer: things.client.call("deleteJob", ids={"job_id": things.ids["test_job"]}))
step("requeueJob", needs=frame)
step("showStatistics")

# --- administration --------------------------------------------------------------------------------------------------
step("listSettings", needs=administrator)


def set_back(things, answer):
    things.client.call("changeSettings", body={"limits.frames_per_job": None})


def untouched_setting(things):
    """The setting of the example is changed for a moment, unless somebody has changed it before."""
    administrator(things)
    for setting in things.client.call("listSettings").json["items"]:
        if setting["name"] == "limits.frames_per_job" and setting["is_overridden"]:
            raise Skip("limits.frames_per_job is changed on this grid; it is left alone")


step("changeSettings", needs=untouched_setting, then=set_back)
for each in ("listAuditLog", "listMethods", "showServerHealth"):
    step(each, needs=administrator)
step("checkLedger", needs=administrator)

# --- what goes -------------------------------------------------------------------------------------------------------


def operation(things, answer):
    if answer.status == 202:
        things.ids["operation_id"] = answer.json["id"]


step("cancelJob", last=True)
step("deleteJob", last=True, then=operation)


def deletion(things):
    if "operation_id" not in things.ids:
        raise Skip("the job was deleted at once")


step("showOperation", needs=deletion, last=True)
step("deleteShot", last=True)
step("deleteProject", last=True, status=(204, 409))
step("deleteWebhook", last=True)
step("revokeToken", last=True)
step("revokeSlave", last=True)
step("deleteMe", last=True, token=other_token, needs=other_login)
