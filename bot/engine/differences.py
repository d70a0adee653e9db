"""What changed between two plans of one step, in sentences for the card that replaces the first."""

from steps.step import Change, Plan


def differences(was: Plan, now: Plan) -> tuple[str, ...]:
    """A sentence for each change, input or note that differs; never empty for unequal plans."""
    before, after = _changes(was), _changes(now)
    found = [f"No longer changed: {t}." for t in before if t not in after]
    for target, change in after.items():
        old = before.get(target)
        if old is None:
            found.append(f"New: {target} ({_words(change)}).")
        elif old != change:
            found.append(f"{target}: was {_words(old)}, is now {_words(change)}.")
    found += [
        f"The plan's {name.replace('_', ' ')} has changed."
        for name in sorted(set(was.inputs) | set(now.inputs))
        if was.inputs.get(name) != now.inputs.get(name)
    ]
    found += [f"New: {note}" for note in now.notes if note not in was.notes]
    found += [f"To be accepted now: {a}" for a in now.accepting if a not in was.accepting]
    return tuple(found) or ("The plan is bound to something that has changed.",)


def _changes(plan: Plan) -> dict[str, Change]:
    return {change.target: change for change in plan.changes}


def _words(change: Change) -> str:
    return f"{change.before or 'nothing'} → {change.after or 'nothing'}"
