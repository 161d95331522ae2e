"""What every grid answers a slave, over the line and over HTTPS."""
import contextlib
import json

from line_client import HttpsLine, Line
from refusals import refused
from tap import Skip

CASES = []


def case(function):
    """A case for the line needs its address."""
    def run(suite):
        if not suite.target.line:
            raise Skip("the address of the line was not given: --line HOST:PORT")
        function(suite)
    run.__name__ = function.__name__
    CASES.append(run)
    return run


@contextlib.contextmanager
def signed_on(suite, carrier, **more):
    """A session of the suite's slave, that wants no work; whatever the server says must be in its tables."""
    with carrier(suite.target).welcome(suite.things.slave, **more).announce(slots=0) as line:
        yield line
        assert not line.faults, line.faults


CARRIERS = (Line, HttpsLine)


@case
def the_highest_common_protocol_holds(suite):
    for carrier in CARRIERS:
        with carrier(suite.target).sign_on(suite.things.slave, protocols=[1, 2], offers=["of_the_future"]) as line:
            welcome = line.expect("welcome")
            assert welcome["protocol"] == 1 and welcome["offers"] == [], welcome
            assert not line.faults, line.faults
        with carrier(suite.target).sign_on(suite.things.slave, protocols=[77, 78]) as line:
            assert line.expect("refused")["code"] == "protocol_unsupported"


@case
def a_wrong_password_is_refused_for_good(suite):
    for carrier in CARRIERS:
        answers = []
        for wrong in ({"slavepassword": "wrong"}, {"slavekey": "K0000000000000000"}):
            with carrier(suite.target).sign_on({**suite.things.slave, **wrong}) as line:
                answers.append(line.expect("refused"))
                assert not line.faults, line.faults
        assert answers[0]["code"] == answers[1]["code"] == "wrong_credentials", answers
        assert answers[0]["message"] == answers[1]["message"] and "retry_ms" not in answers[0], answers


@case
def a_slave_of_version_0_1_is_told_what_to_do(suite):
    with Line(suite.target) as line:
        line.send({"type": "sign_on", "protocol": 1, "slavekey": suite.things.slave["slavekey"], "instance": "old",
                   "slavepassword": suite.things.slave["slavepassword"], "software": "distren-slave 0.1.0"})
        refusal = line.expect("refused")
        assert refusal["code"] == "software_too_old" and refusal["minimum"] in refusal["message"], refusal


@case
def what_is_said_before_the_sign_on_is_refused(suite):
    with Line(suite.target) as line:
        line.send({"type": "announce", "id": "early", "slots": 1})
        error = line.expect("error")
        assert error["code"] == "sign_on_first" and error.get("reply_to") == "early", error


@case
def members_and_types_of_the_future_are_harmless(suite):
    for carrier in CARRIERS:
        with signed_on(suite, carrier, of_the_future={"a": [1]}) as line:
            if carrier is Line:
                for number in range(1000):
                    line.send({"type": f"type_{number}", "id": str(number)})
            else:
                for first in range(0, 1000, 100):
                    line.exchange([{"type": f"type_{number}", "id": str(number)} for number in range(first, first + 100)])
            errors = [line.expect("error") for _ in range(1000)]
            answered = {error["reply_to"] for error in errors if error["code"] == "unsupported_type"}
            assert answered == {str(number) for number in range(1000)}, len(answered)
            line.alive()


@case
def a_ping_is_answered_with_its_id(suite):
    for carrier in CARRIERS:
        with signed_on(suite, carrier) as line:
            line.alive()


@case
def a_line_of_65536_bytes_passes_and_one_byte_more_closes(suite):
    with signed_on(suite, Line) as line:
        ping = b'{"type":"ping","of_the_future":"' + b"x" * (65536 - 34) + b'"}'
        line.send(ping + b"\n")
        line.expect("pong")
        line.send(ping[:-2] + b'x"}\n')
        assert line.last_message()["code"] == "line_too_long"


@case
def what_no_reader_should_guess_at_is_refused_and_the_session_goes_on(suite):
    """Over the line a message at a time; over HTTPS the whole request is no JSON."""
    wrong = (b'{"type":"ping","deep":' + b"[" * 32 + b"]" * 32 + b"}", b"ping", b'{"type":"ping"', b'{"type":7}', b"[]")
    with signed_on(suite, Line) as line:
        for message in wrong:
            line.send(message + b"\n")
            assert line.expect("error")["code"] == "invalid_message", message
        line.alive()
    with signed_on(suite, HttpsLine) as line:
        for message in (*wrong[:3], b'{"type":"ping","type":"pong"}'):
            answer = suite.client.call("exchangeMessages", data=b'{"messages":[' + message + b"]}", token=line.session)
            refused(answer, 400, "malformed_json")
        line.alive()


@case
def an_integer_beyond_2_to_the_53rd_counts_as_absent(suite):
    for carrier in CARRIERS:
        with signed_on(suite, carrier) as line:
            line.send({"type": "result", "id": "big", "attempt": 2**53, "lease": "x", "outcome": "returned"})
            error = line.expect("error")
            assert (error["code"], error["reply_to"]) == ("invalid_message", "big"), error
            line.alive()


@case
def a_second_instance_is_refused_while_the_first_answers(suite):
    for first, second in (CARRIERS, CARRIERS[::-1]):
        with signed_on(suite, first, instance="first") as line:
            with second(suite.target).sign_on(suite.things.slave, instance="second") as other:
                refusal = other.expect("refused")
                assert refusal["code"] == "slave_online_elsewhere" and refusal["retry_ms"] > 0, refusal
            line.expect("ping")
            line.send({"type": "pong"})
            line.alive()


@case
def the_same_instance_replaces_its_old_session(suite):
    for first, second in (CARRIERS, CARRIERS[::-1]):
        with first(suite.target).welcome(suite.things.slave, instance="same").announce(slots=0) as old:
            with second(suite.target).welcome(suite.things.slave, instance="same") as new:
                assert old.expect("goodbye")["code"] == "replaced"
                new.alive()


@case
def a_goodbye_of_the_slave_ends_its_session(suite):
    with signed_on(suite, Line) as line:
        line.send({"type": "goodbye"})
        line.last_message()
    assert suite.call("showSlave", ids=suite.things.ids).json["online"] is False
    with signed_on(suite, HttpsLine) as line:
        session = line.session
    answer = suite.client.call("exchangeMessages", body={"messages": []}, token=session)
    refused(answer, 401, "session_ended")


@case
def a_disabled_slave_is_told_goodbye(suite):
    for carrier in CARRIERS:
        with carrier(suite.target).welcome(suite.things.slave).announce(slots=0) as line:
            line.alive()
            assert suite.call("disableSlave", ids=suite.things.ids).status == 200
            assert line.expect("goodbye")["code"] == "slave_disabled"
        with carrier(suite.target).sign_on(suite.things.slave) as line:
            assert line.expect("refused")["code"] == "slave_disabled"
        assert suite.call("enableSlave", ids=suite.things.ids).status == 200


@case
def the_same_conversation_over_both_carriers_has_the_same_verdicts(suite):
    spoken = []
    for carrier in CARRIERS:
        job = suite.things.submit(frames="1")
        with carrier(suite.target).welcome(suite.things.slave).announce() as line:
            try:
                order = suite.things.next_order(line, job)
            except TimeoutError as error:
                raise Skip(f"this grid gave the suite's slave no frame of its job: {error}") from error
            (attempt,) = order["attempts"]
            wrong = {**order, "attempts": [{**attempt, "lease": attempt["lease"] + "x"}]}
            said = [suite.things.hand_in(line, wrong, id="r1")]
            line.done(order, "0" * 32, b"x", id="r2")
            said.append(line.expect("verdict"))
            said.append(suite.things.hand_in(line, order, id="r3"))
            said.append(suite.things.hand_in(line, order, id="r4"))
            spoken.append([(each["verdict"], each.get("code"), each["reply_to"]) for each in said])
            assert not line.faults, json.dumps(line.faults)
        assert suite.call("deleteJob", ids={"job_id": job}).status in (202, 204)
    assert spoken[0] == spoken[1], spoken
    assert spoken[0][0] == ("rejected", "lease_invalid", "r1") and spoken[0][2][0] == "accepted", spoken
