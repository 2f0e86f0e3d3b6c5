# Computes the rates of readings in a file, for a comparison with those of the daemon.
from puypuy_host import rates, values


def runcheck():
    table = rates.RateTable()
    results = []
    with open(config.get('check_semantics', 'readings')) as file:
        for number, line in enumerate(file):
            kind, key, value, wall_ns, boot_ns, boot_id = line.split()
            moment = rates.Moment(int(wall_ns), int(boot_ns), boot_id)
            compute = table.rate if kind == 'rate' else table.delta
            result = compute(key, values.number(value), moment)
            if result is not values.MISSING:
                results.append({'name': 'result%d' % number, 'timestamp': 1, 'value': result})
    results.append({'name': 'resets', 'timestamp': 1, 'value': table.resets})
    table.resets = 0
    return results
