# The oldest style: found by the second part of its name, six arguments, a global config.
import datetime

rate = __import__('record_rate').ValueRate()
push = __import__('pushdata')
hostname = push.hostname
cluster_name = config.get('SelfConfig', 'cluster_name')
check_type = 'old'
counter = 1000


def run_push():
    global counter
    timestamp = int(datetime.datetime.now().strftime("%s"))
    jsondata = push.JonSon()
    try:
        jsondata.create_data()
        counter += 50
        change = rate.record_value_rate('old_reads', counter, timestamp)
        jsondata.gen_data('old_gauge', timestamp, 12, hostname, check_type, cluster_name)
        jsondata.gen_data('old_text', timestamp, ' 13.5 ', hostname, check_type, cluster_name)
        jsondata.gen_data('old_reads', timestamp, change, hostname, check_type, cluster_name)
        jsondata.put_json()
        jsondata.truncate_data()
        print('measured %d' % counter)
    except Exception as e:
        push.print_error(__name__, e)


def run_push_rate():
    jsondata = push.JonSon()
    jsondata.create_data()
    jsondata.gen_data('old_more', 1700000000, 1, 'elsewhere', check_type, 'othercluster')
    jsondata.put_json()
