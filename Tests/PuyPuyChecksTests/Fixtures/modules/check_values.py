# Every kind of value, tag and time.
import decimal
import fractions
import time

NOW = int(time.time())


class Odd:
    def __repr__(self):
        raise RuntimeError('no words')


def runcheck():
    good = {'integer': 7, 'large': 2 ** 62, 'too_large': 2 ** 70, 'float': 0.1, 'text': '42',
            'signed': '-1.5e3', 'bytes': b'5', 'decimal': decimal.Decimal('2.25'),
            'fraction': fractions.Fraction(1, 4)}
    bad = {'true': True, 'none': None, 'word': 'abc', 'empty': '', 'nan': float('nan'),
           'infinite': 'inf', 'list': [1], 'grouped': '1_000', 'hex': '0x10', 'odd': Odd()}
    points = [{'name': name, 'timestamp': NOW, 'value': value}
              for name, value in list(good.items()) + list(bad.items())]
    points.append({'name': 'milliseconds', 'timestamp': NOW * 1000, 'value': 1})
    points.append({'name': 'fractional', 'timestamp': NOW + 0.5, 'value': 1})
    points.append({'name': 'textual', 'timestamp': str(NOW), 'value': 1})
    points.append({'name': 'ancient', 'timestamp': 1000000000, 'value': 1})
    points.append({'name': 'untimed', 'timestamp': None, 'value': 1})
    points.append({'name': 'tab\there', 'timestamp': NOW, 'value': 1,
                   'extra_tag': {'path': 'a\\b\nc', 'é': 'ü', 5: 6.5}})
    points.append({'name': '', 'timestamp': NOW, 'value': 1})
    points.append('not a dict')
    return points
