# Every way to import gives the same objects, and one import of lib is enough for all.
import basecheck
import commonclient
import getconfig
import lib
import lib.basecheck
import pushdata
import puylogger
import record_rate
import sharedvars
from lib import pushdata as third
from lib.record_rate import GetPrevValue, ValueRate


def runcheck():
    pairs = [(basecheck, lib.basecheck), (commonclient, lib.commonclient),
             (getconfig, lib.getconfig), (pushdata, lib.pushdata), (puylogger, lib.puylogger),
             (record_rate, lib.record_rate), (sharedvars, lib.sharedvars), (third, pushdata),
             (ValueRate, record_rate.ValueRate), (GetPrevValue, lib.record_rate.GetPrevValue),
             (config, getconfig.config)]
    same = sum(one is other for one, other in pairs)
    return [{'name': 'same', 'timestamp': 0, 'value': same == len(pairs) and len(pairs)}]
