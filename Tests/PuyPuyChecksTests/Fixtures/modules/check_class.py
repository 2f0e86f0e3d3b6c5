# The current style: a class.
import lib.basecheck
import lib.getconfig
import lib.sharedvars


class Check(lib.basecheck.CheckBase):
    def precheck(self):
        assert self.local_vars == [] and self.check_type == 'base'
        assert (self.cluster_name, self.host_group, self.location) == ('c', 'g', 'l')
        try:
            run = lib.sharedvars.getvar('class_run') + 1
        except KeyError:
            run = 1
        lib.sharedvars.storevar('class_run', run)
        self.rate.update_timestamp(self.timestamp)
        self.add('class_runs', run)
        self.add('class_rate', self.rate.record_value_rate('class_rate', run * 100, self.timestamp))
        self.add('class_delta', self.rate.record_value_delta('class_delta', run * 100))
        self.add('class_last', self.last.return_last_value('class_last', run))
        self.add('class_half', self.rate.record_value_delta('class_half', run * 100) / 2)
        self.jsondata.prepare_data()
        self.jsondata.gen_data('class_pushed', self.timestamp, 4, check_type='class')
        self.jsondata.put_json()
        self.info()

    def add(self, name, value):
        self.local_vars.append(
            {'name': name, 'timestamp': self.timestamp, 'value': value, 'check_type': 'class'})
