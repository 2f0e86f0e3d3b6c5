# The function style: a list of dicts.
import getconfig
import time


def runcheck():
    now = int(time.time())
    name = getconfig.getparam('Shop', 'name')
    return [
        {'name': 'function_plain', 'timestamp': now, 'value': 1},
        {'name': 'function_full', 'timestamp': now, 'value': 2.5, 'check_type': name,
         'reaction': -3, 'chart_type': 'Rate', 'extra_tag': {'disk': 3, 'big': True, 'none': None},
         'host': 'elsewhere'},
    ]
