package mysql

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"

	mysqldriver "github.com/go-sql-driver/mysql"
)

const (
	// sslRequest is the size of an SSLRequest: the head of the packet that the driver logs in with, without the user
	// (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_ssl_request.html).
	sslRequest = packetHeader + 32
	// clientSSL is CLIENT_SSL in the two lower bytes of the capabilities.
	clientSSL = 1 << 11
	// greeting is the first byte of HandshakeV10, the first packet of a server that does not refuse us.
	greeting = 10
	// mostOfLogin is above every packet of a login: a key, a certificate's name.
	mostOfLogin = 1 << 20
)

// errDriversTLS is a login that only the driver's own TLS can do, or that is done without any.
var errDriversTLS = errors.New("login by the driver's own TLS")

// login is a connection until the driver sends its first command. The driver believes that it logs in on a unix socket, without TLS;
// here its packets are encrypted, so that whatever holds the wire afterwards can read and write in clear. The SSLRequest that is put
// in front of them is a packet of its own: the numbers of those that follow are one higher on the server's side.
//
// A login also agrees with the server upon what the driver does not know; it does so too where the driver logs in by itself, in clear.
type login struct {
	wire     *wire
	shake    func(net.Conn) (*tls.Conn, error) // hands with the server; nil: nothing is encrypted
	conn     *tls.Conn                         // nil until that is done
	bulk     bool                              // bulk commands are to be agreed upon
	greeted  bool                              // by a server that encrypts
	able     bool                              // the server knows bulk commands
	answered bool                              // the driver's first packet was sent
	pending  []byte                            // of a packet that the driver has not read yet
	failed   error                             // why there is no login, where the driver would say something else
}

var _ io.ReadWriter = (*login)(nil)

// encryptLogin makes w a connection whose login is encrypted.
func encryptLogin(ctx context.Context, w *wire, t *tls.Config) {
	t = t.Clone()
	t.DynamicRecordSizingDisabled = true // small records at first are for those who wait for a first line
	if a, ok := ctx.Value(attemptKey{}).(*attempt); ok {
		noteTLS(t, a)
	}
	w.login = &login{wire: w, bulk: wantsBulk(ctx), shake: func(conn net.Conn) (*tls.Conn, error) {
		c := tls.Client(conn, t)
		return c, c.HandshakeContext(ctx)
	}}
	w.stream = w.login
}

// agreeInClear has the login on w, which the driver does not encrypt, agree upon bulk commands where they are wanted.
func agreeInClear(ctx context.Context, w *wire) {
	if wantsBulk(ctx) {
		w.login = &login{wire: w, bulk: true}
		w.stream = w.login
	}
}

func wantsBulk(ctx context.Context) bool {
	a, ok := ctx.Value(attemptKey{}).(*attempt)
	return ok && a.bulk
}

// Read gives the driver what the server sends, packet by packet.
func (l *login) Read(p []byte) (int, error) {
	if len(l.pending) == 0 {
		if err := l.receive(); err != nil {
			return 0, l.fail(err)
		}
	}
	n := copy(p, l.pending)
	l.pending = l.pending[n:]
	return n, nil
}

// Write sends the packets of the driver, encrypted.
func (l *login) Write(p []byte) (int, error) {
	if len(p) < packetHeader {
		return 0, l.fail(errMalformed)
	}
	if p[3] == 0 && (l.conn != nil || l.shake == nil) { // a command
		l.wire.stream = l.wire.Conn
		if l.conn != nil {
			l.wire.stream = l.conn
		}
		return l.wire.stream.Write(p)
	}
	if l.shake == nil && !l.answered && len(p) == sslRequest { // the driver encrypts
		l.wire.stream = l.wire.Conn
		return l.wire.Conn.Write(p)
	}
	b := slices.Clone(p)
	if !l.answered {
		l.answered = true
		l.agree(b)
	}
	if l.shake == nil {
		return l.wire.Conn.Write(b)
	}
	if l.conn == nil {
		if err := l.encrypt(b); err != nil {
			return 0, l.fail(err)
		}
	}
	b[3]++
	return l.conn.Write(b)
}

// fail keeps an error that the driver would replace.
func (l *login) fail(err error) error {
	var alert tls.AlertError
	if l.failed == nil && (l.conn == nil && l.greeted || errors.As(err, &alert) || errors.Is(err, errDriversTLS)) {
		l.failed = err
	}
	return err
}

// receive reads one packet.
func (l *login) receive() error {
	var from io.Reader = l.wire.Conn
	if l.conn != nil {
		from = l.conn
	}
	var head [packetHeader]byte
	if _, err := io.ReadFull(from, head[:]); err != nil {
		return err
	}
	size := binary.LittleEndian.Uint32(head[:]) & fullPacket
	if size > mostOfLogin {
		return errMalformed
	}
	b := append(make([]byte, 0, packetHeader+size), head[:]...)[:packetHeader+size]
	if _, err := io.ReadFull(from, b[packetHeader:]); err != nil {
		return err
	}
	if l.conn != nil {
		b[3]--
	}
	l.pending = b
	return l.look(b[packetHeader:])
}

// look refuses a login that is not possible here: of a server that does not encrypt, where the driver decides what is to be done, and
// by sha256_password, which the driver sends in clear within its own TLS only.
func (l *login) look(b []byte) error {
	if !l.answered && len(b) > 0 && b[0] == greeting {
		l.able = knowsBulk(b)
	}
	switch {
	case len(b) == 0:
		return errMalformed
	case l.shake == nil:
	case l.conn != nil && b[0] == firstEOF: // AuthSwitchRequest
		plugin, _, _ := bytes.Cut(b[1:], []byte{0})
		if string(plugin) == "sha256_password" {
			return errDriversTLS
		}
	case l.conn == nil && b[0] == greeting:
		_, rest, _ := bytes.Cut(b[1:], []byte{0}) // the version
		// connection id, 8 bytes of the scramble, a zero, capabilities
		if len(rest) < 4+8+1+2 || binary.LittleEndian.Uint16(rest[13:])&clientSSL == 0 || bytes.HasSuffix(b, []byte("\x00sha256_password\x00")) {
			return errDriversTLS
		}
		l.greeted = true
	}
	return nil
}

// encrypt asks for TLS by the head of the driver's first packet, which says from then on that it did.
func (l *login) encrypt(p []byte) error {
	if !l.greeted || len(p) < sslRequest {
		return fmt.Errorf("%w: no greeting before the login", errMalformed)
	}
	p[packetHeader+1] |= clientSSL >> 8
	request := slices.Clone(p[:sslRequest])
	request[0], request[1], request[2] = sslRequest-packetHeader, 0, 0
	if _, err := l.wire.Conn.Write(request); err != nil {
		return fmt.Errorf("%w while asking for TLS: %w", mysqldriver.ErrInvalidConn, err)
	}
	l.wire.cipher = &cipherReader{Conn: l.wire.Conn}
	conn, err := l.shake(l.wire.cipher)
	if err != nil {
		return err
	}
	l.conn = conn
	return nil
}

const (
	// clientMySQL is CLIENT_MYSQL, CLIENT_LONG_PASSWORD with MySQL: without it MariaDB's own capabilities stand in the last 4 bytes of what MySQL leaves empty
	// (https://mariadb.com/docs/server/reference/clientserver-protocol/1-connecting/connection).
	clientMySQL = 1
	// stmtBulk is MARIADB_CLIENT_STMT_BULK_OPERATIONS among these.
	stmtBulk = 1 << 2
	// extended is where they stand in the driver's first packet.
	extended = packetHeader + 4 + 4 + 1 + 19
)

// knowsBulk reports whether a greeting is that of a server with bulk commands.
func knowsBulk(b []byte) bool {
	_, rest, _ := bytes.Cut(b[1:], []byte{0}) // the version
	// connection id, 8 bytes of the scramble, a zero, capabilities, character set, status, capabilities, length of the scramble, 6 unused
	const at = 4 + 8 + 1 + 2 + 1 + 2 + 2 + 1 + 6
	return len(rest) > at && rest[13]&clientMySQL == 0 && rest[at]&stmtBulk != 0
}

// agree notes in the driver's first packet that bulk commands may follow.
func (l *login) agree(p []byte) {
	if !l.bulk || !l.able || len(p) < extended+4 || p[packetHeader]&clientMySQL != 0 {
		return
	}
	p[extended] |= stmtBulk
	l.wire.bulk = true
}
