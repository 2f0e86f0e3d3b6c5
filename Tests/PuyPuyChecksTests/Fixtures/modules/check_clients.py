# The clients, against servers that run for as long as the module does.
import http.server
import socket
import threading

import lib.commonclient as client


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == '/missing':
            return self.send_error(404)
        self.answer(self.headers.get('Authorization', 'none') + ' ' + self.headers.get('X-A', '-'))

    def do_POST(self):
        self.answer(self.rfile.read(int(self.headers['Content-Length'])).decode())

    def answer(self, text):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *words):
        pass


def talk(listener):
    connection, _ = listener.accept()
    connection.recv(100)
    # In pieces: one recv does not see it all.
    for piece in (b'first ', b'second ', b'third'):
        connection.sendall(piece)
    connection.close()


def runcheck():
    server = http.server.HTTPServer(('127.0.0.1', 0), Handler)
    web = threading.Thread(target=server.serve_forever)
    web.start()
    base = 'http://127.0.0.1:%d' % server.server_port
    listener = socket.create_server(('127.0.0.1', 0))
    tcp = threading.Thread(target=talk, args=(listener,))
    tcp.start()
    try:
        answers = {
            'auth': client.httpget(__name__, base + '/', 'user:pass') == 'Basic dXNlcjpwYXNz -',
            'header': client.httpget(__name__, base + '/', headers='X-A: 1') == 'none 1',
            'headers': client.httpget(__name__, base + '/', headers=['X-A: 2']) == 'none 2',
            'post': client.httppost(__name__, base + '/', payload='sent') == 'sent',
            'missing': client.httpget(__name__, base + '/missing') is None,
            'refused': client.httpget(__name__, 'http://u:secret@127.0.0.1:1/?k=secret') is None,
            'tcp': client.socketget(__name__, 5, '127.0.0.1', listener.getsockname()[1], 'x')
            == 'first second third',
        }
    finally:
        server.shutdown()
        server.server_close()
        listener.close()
        web.join()
        tcp.join()
    return [{'name': name, 'timestamp': 0, 'value': int(is_right)}
            for name, is_right in answers.items()]
