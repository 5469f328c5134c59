"""What the completeness rule (docs/formats/answer.md) adds to an answer: findings of class `unexplained`, held against the rule.

An answer's first finding may be one in a tenth of the faults at most; each names the place (process or server), the split of states
and one command that would tell more; and each meets the rule's thresholds, in healthy runs as well, where all of them are listed.
"""
MS = 1_000_000
FIRST_AT_MOST = 0.1


def one(why, finding):
    """A finding's place, and what of the rule it does not meet."""
    operation = next((each for each in why["operations"] if each["name"] == finding["operation"]), None)
    entity, evidence = finding["entity"], finding["evidence"]
    wrong = []
    if not entity.get("pid") and not entity.get("instance"):
        wrong.append("no thread")
    if not any(line["text"].startswith("the states of it: ") for line in evidence):
        wrong.append("no states")
    if not finding["advice"]:
        wrong.append("no command")
    if operation is None or operation["requests"] < 20:
        wrong.append("fewer than 20 requests")
    elif operation["p95_ns"] < 100 * MS:
        one_takes = max([line.get("value", 0) for line in evidence if line.get("unit") == "share"], default=0)
        if operation["p95_ns"] < 20 * MS or (operation["p95_ns"] < 5 * operation["p50_ns"] and one_takes < 0.8):
            wrong.append("fast")
    if finding["effect"]["share_of_path"] < 0.2:
        wrong.append("less than a fifth")
    return {"operation": finding["operation"], "what": finding["what"], "p95_ms": operation and round(operation["p95_ns"] / MS, 1),
            "share": round(finding["effect"]["share_of_path"], 2), "wrong": wrong}


def of(why):
    """The row's part of one answer."""
    return {"first": bool(why["findings"]) and why["findings"][0]["class"] == "unexplained",
            "all": [one(why, finding) for finding in why["findings"] if finding["class"] == "unexplained"]}


def totals(rows):
    """Of rows that hold of() as "unexplained", and "among" where a fault was planted."""
    faults = [row["unexplained"] for row in rows if "among" in row]
    healthy = [(row["case"], each) for row in rows if "among" not in row for each in row["unexplained"]["all"]]
    every = [each for row in rows for each in row["unexplained"]["all"]]
    return {"unexplained_first": sum(each["first"] for each in faults), "unexplained_first_at_most": int(FIRST_AT_MOST * len(faults)),
            "unexplained": len(every), "unexplained_beside_the_rule": sum(bool(each["wrong"]) for each in every),
            "unexplained_in_healthy": [f"{case}: {each['operation']}, p95 {each['p95_ms']} ms: {each['what']}" for case, each in healthy]}
