# Later names, eight arguments, and points that are never put.
import lib.pushdata
import lib.record_rate
import time

rate = lib.record_rate.ValueRate()
kept = lib.pushdata.JonSon()


def run_push_new():
    now = int(time.time())
    data = lib.pushdata.JonSon()
    data.prepare_data()
    host, cluster = lib.pushdata.hostname, lib.pushdata.cluster_name
    data.gen_data('new_seven', now, 7, host, 'new', cluster, 0)
    data.gen_data('new_eight', now, 8, host, 'new', cluster, -3, 'Percent')
    data.gen_data_json({'name': 'new_dict', 'timestamp': now, 'value': 9,
                        'check_type': 'new', 'extra_tag': {'device': 'sda'}}, host, cluster)
    data.put_json()
    data.truncate_data()
    data.gen_data('new_truncated', now, 1, host, 'new', cluster)
    data.truncate_data()
    kept.prepare_data()
    kept.gen_data('new_never_put', now, 10, host, 'new', cluster)
    data.send_special('new', now, 1, 'a message', 'WARNING', 0)
    lib.pushdata.print_error('only one thing')
