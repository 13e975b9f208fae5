package main

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gomove/gomove/internal/testdb"
)

// rogue stands between gomove and a server, passes everything on until a statement matches, and from then on answers itself.
type rogue struct {
	testdb.Server // where gomove connects

	match  string // in a statement; empty: the greeting
	answer func(r *rogue, c net.Conn)
	target string

	reached chan struct{} // closed when answer is called first
	once    sync.Once

	mu   sync.Mutex
	sent bytes.Buffer // what gomove sent as a file
}

// startRogue listens until the end of the test.
func startRogue(t *testing.T, s *testdb.Server, match string, answer func(*rogue, net.Conn)) *rogue {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it returns at once
	if err != nil {
		t.Fatal(err)
	}
	r := &rogue{match: match, answer: answer, reached: make(chan struct{}), target: net.JoinHostPort(s.Host, strconv.Itoa(s.Port))}
	r.Host, r.User = "127.0.0.1", s.User
	r.Port = l.Addr().(*net.TCPAddr).Port
	var wg sync.WaitGroup
	open := map[net.Conn]bool{}
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			r.mu.Lock()
			open[c] = true
			r.mu.Unlock()
			wg.Go(func() { r.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		r.mu.Lock()
		for c := range open {
			_ = c.Close()
		}
		r.mu.Unlock()
		wg.Wait()
	})
	return r
}

// serve passes one connection on.
func (r *rogue) serve(c net.Conn) {
	defer c.Close()
	if r.match == "" {
		r.tamper(c)
		return
	}
	s, err := net.Dial("tcp", r.target) //nolint:noctx // a server of the test
	if err != nil {
		return
	}
	back := make(chan struct{})
	go func() {
		defer close(back)
		_, _ = io.Copy(c, s)
	}()
	for {
		p, err := readPacket(c)
		if err != nil {
			break
		}
		const comQuery, comStmtPrepare, comStmtBulkExecute = 0x03, 0x16, 0xfa
		if p[3] == 0 && len(p) > 4 && bytes.IndexByte([]byte{comQuery, comStmtPrepare, comStmtBulkExecute}, p[4]) >= 0 &&
			strings.Contains(string(p), r.match) {
			_ = s.Close()
			<-back
			r.tamper(c)
			return
		}
		if _, err := s.Write(p); err != nil {
			break
		}
	}
	_ = s.Close()
	<-back
}

func (r *rogue) tamper(c net.Conn) {
	r.once.Do(func() { close(r.reached) })
	r.answer(r, c)
}

// readPacket returns a packet with its head.
func readPacket(c io.Reader) ([]byte, error) {
	p := make([]byte, 4)
	if _, err := io.ReadFull(c, p); err != nil {
		return nil, err
	}
	p = append(p, make([]byte, int(binary.LittleEndian.Uint32(p)&0xffffff))...)
	_, err := io.ReadFull(c, p[4:])
	return p, err
}

func packetOf(seq byte, payload ...byte) []byte {
	n := len(payload)
	return append([]byte{byte(n), byte(n >> 8), byte(n >> 16), seq}, payload...)
}

// says answers with these bytes and reads until gomove leaves.
func says(b ...[]byte) func(*rogue, net.Conn) {
	return func(_ *rogue, c net.Conn) {
		for _, p := range b {
			if _, err := c.Write(p); err != nil {
				return
			}
		}
		_, _ = io.Copy(io.Discard, c)
	}
}

// endless answers with the first bytes, and then with the others again and again.
func endless(first, again []byte) func(*rogue, net.Conn) {
	return func(_ *rogue, c net.Conn) {
		_, err := c.Write(first)
		many := bytes.Repeat(again, 1+64<<10/len(again))
		for err == nil {
			_, err = c.Write(many)
		}
	}
}

// wantsFile answers every statement by asking for a file, keeps what comes, and says that all is well.
func wantsFile(name string) func(*rogue, net.Conn) {
	return func(r *rogue, c net.Conn) {
		for {
			if _, err := c.Write(packetOf(1, append([]byte{0xfb}, name...)...)); err != nil {
				return
			}
			var seq byte
			for {
				p, err := readPacket(c)
				if err != nil {
					return
				}
				r.mu.Lock()
				r.sent.Write(p[4:])
				r.mu.Unlock()
				if seq = p[3]; len(p) == 4 {
					break
				}
			}
			if _, err := c.Write(packetOf(seq+1, 0, 0, 0, 2, 0, 0, 0)); err != nil {
				return
			}
			if _, err := readPacket(c); err != nil {
				return
			}
		}
	}
}

// patience is how long a command may take to end.
const patience = 20 * time.Second

// against runs a command until it ends; one that is not to end by itself is interrupted a moment after the statement.
func against(t *testing.T, r *rogue, interrupt bool, args ...string) result {
	t.Helper()
	run := startBinary(t, args...)
	over := make(chan result, 1)
	go func() { over <- run.wait(t) }()
	var got result
	select {
	case <-r.reached:
	case got = <-over:
		t.Fatalf("%q: no statement with %q: %s", args, r.match, got.stderr)
	}
	if interrupt {
		time.Sleep(200 * time.Millisecond)
		_ = run.cmd.Process.Signal(syscall.SIGINT) // it may have ended
	}
	select {
	case got = <-over:
	case <-time.After(patience):
		_ = run.cmd.Process.Signal(syscall.SIGQUIT)
		t.Errorf("%q did not end, interrupted: %t: %s", args, interrupt, (<-over).stderr)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sent.Len() > 0 {
		t.Errorf("%q sent %d bytes: %.80q", args, r.sent.Len(), r.sent.Bytes())
	}
	if got.code == 0 {
		t.Errorf("%q: exit 0: %s", args, got.stdout)
	}
	wantOneError(t, got)
	if got.maxRSS > memoryBound {
		t.Errorf("%q: %d MB resident", args, got.maxRSS/1e6)
	}
	return got
}

// rogueSource is a server with a table, and a dump of it.
func rogueSource(t *testing.T) (s *testdb.Server, schema, dump string) {
	t.Helper()
	s = testdb.Start(t, testdb.MariaDB)
	schema = s.Schema(t)
	s.Exec(t, "CREATE TABLE "+schema+".t (id INT PRIMARY KEY, v VARCHAR(40))", "INSERT INTO "+schema+".t VALUES (1,'a'),(2,'b')")
	dump = filepath.Join(t.TempDir(), "dump")
	mustRun(t, dumpArgs(s, dump, "-B", schema)...)
	return s, schema, dump
}

// TestRogueServerGetsNoFile has a server ask for files in the place of answers to statements of each command.
func TestRogueServerGetsNoFile(t *testing.T) {
	server, schema, dump := rogueSource(t)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("the secret text"), 0o600); err != nil {
		t.Fatal(err)
	}
	commands := map[string]struct {
		at   []string
		args func(r *rogue) []string
	}{
		"dump": {
			[]string{"SELECT CURRENT_USER", "SET ", "information_schema", "SHOW CREATE TABLE", "FROM `" + schema + "`.`t`"},
			func(r *rogue) []string {
				return dumpArgs(&r.Server, filepath.Join(t.TempDir(), "out"), "-B", schema, "--ssl-mode", "DISABLED")
			},
		},
		"load": {
			[]string{"SELECT CURRENT_USER", "CREATE TABLE", "INSERT INTO `gomove`", "START TRANSACTION"},
			func(r *rogue) []string {
				return loadArgs(&r.Server, dump, "--schema-map", schema+"="+schema+"_into", "--ssl-mode", "DISABLED")
			},
		},
		"load by local-infile": {
			[]string{"LOAD DATA LOCAL"},
			func(r *rogue) []string {
				return loadArgs(&r.Server, dump, "--schema-map", schema+"="+schema+"_into", "--ssl-mode", "DISABLED", "--via", "local-infile")
			},
		},
		"verify": {
			[]string{"SELECT CURRENT_USER", "information_schema", "FROM `" + schema + "`.`t`"},
			func(r *rogue) []string {
				return []string{"verify", "-d", dump, "--target", uriOf(&r.Server) + "?ssl-mode=DISABLED", "--progress", "none"}
			},
		},
	}
	for command, c := range commands {
		for _, match := range c.at {
			t.Run(command+" at "+match, func(t *testing.T) {
				defer server.Exec(t, "DROP DATABASE IF EXISTS "+schema+"_into", "DROP DATABASE IF EXISTS gomove")
				for _, name := range []string{secret, "Reader::" + secret} {
					r := startRogue(t, server, match, wantsFile(name))
					against(t, r, false, c.args(r)...)
				}
			})
		}
	}
}

// TestRogueServerTakesNoBulk has a server, which a proxy may be, answer in its own way to what belongs to MariaDB's bulk protocol: it gets no
// file, and the rows go by LOAD DATA.
func TestRogueServerTakesNoBulk(t *testing.T) {
	server, schema, dump := rogueSource(t)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("the secret text"), 0o600); err != nil {
		t.Fatal(err)
	}
	for at, match := range map[string]string{"the preparing": "INSERT INTO `" + schema + "_into`", "the rows": "\x00\x01a\x00"} {
		t.Run(at, func(t *testing.T) {
			defer server.Exec(t, "DROP DATABASE IF EXISTS "+schema+"_into", "DROP DATABASE IF EXISTS gomove")
			r := startRogue(t, server, match, wantsFile(secret))
			mustRun(t, loadArgs(&r.Server, dump, "--schema-map", schema+"="+schema+"_into", "--ssl-mode", "DISABLED")...)
			if got := server.Query(t, "SELECT GROUP_CONCAT(id, v ORDER BY id) FROM "+schema+"_into.t"); got[0][0] != "1a,2b" {
				t.Errorf("loaded %q", got)
			}
			select {
			case <-r.reached:
			default:
				t.Errorf("nothing with %q was sent", match)
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			if strings.Contains(r.sent.String(), "secret") {
				t.Errorf("sent %q", r.sent.Bytes())
			}
		})
	}
}

// TestRogueServerTalksNonsense has a server answer with what no server answers.
func TestRogueServerTalksNonsense(t *testing.T) {
	server, schema, _ := rogueSource(t)
	for name, c := range map[string]struct {
		answer func(*rogue, net.Conn)
		stays  bool // gomove waits, or reads on, until it is interrupted
	}{
		"nothing":                   {says(), true},
		"16 MB announced":           {says([]byte{0xfe, 0xff, 0xff, 1, 'x'}), true},
		"an empty packet":           {says(packetOf(1)), false},
		"half an error":             {says(packetOf(1, 0xff)), false},
		"half an OK":                {says(packetOf(1, 0)), false},
		"OK with half a number":     {says(packetOf(1, 0, 0xfe, 1)), false},
		"an EOF":                    {says(packetOf(1, 0xfe, 0, 0, 2, 0)), false},
		"half a count":              {says(packetOf(1, 0xfc)), false},
		"2^62 columns":              {says(packetOf(1, 0xfe, 0, 0, 0, 0, 0, 0, 0, 0x40, 1)), false},
		"2^63 columns":              {says(packetOf(1, 0xfe, 0, 0, 0, 0, 0, 0, 0, 0x80, 1)), false},
		"16 million columns":        {says(packetOf(1, 0xfd, 0xff, 0xff, 0xff, 1)), false},
		"another number":            {says(packetOf(7, 0, 0, 0, 2, 0, 0, 0)), false},
		"HTTP":                      {says([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")), true},
		"half a definition":         {says(packetOf(1, 2), packetOf(2, 3, 'd')), true}, // nobody needs it
		"one column":                {says(columnHeads(1)), true},
		"a cell beyond its row":     {says(columnHeads(2), packetOf(4, 1, 'x', 0xfc, 0xff, 0xff)), false},
		"a cell of 2^63 bytes":      {says(columnHeads(2), packetOf(4, 0xfe, 0, 0, 0, 0, 0, 0, 0, 0x80)), false},
		"a row of other cells":      {says(columnHeads(2), packetOf(4, 1, 'x', 1, 'y', 1, 'z')), false},
		"definitions without end":   {endless(packetOf(1, 0xfc, 0xff, 0xff), numbered(columnHeads(1)[5:], 2)), true},
		"rows without end":          {endless(columnHeads(2), numbered(packetOf(4, 1, 'x', 1, 'y'), 4)), true},
		"no end of column names":    {endless(append(packetOf(1, 1), 0xff, 0xff, 0xff, 2), []byte("name")), true},
		"an error without a number": {says(packetOf(1, 0xff, 0, 0)), false},
	} {
		for _, match := range []string{"", "SELECT CURRENT_USER", "SHOW GLOBAL VARIABLES", "isolation='REPEATABLE-READ'", "FROM `" + schema + "`.`t`"} {
			t.Run(name+" at "+match, func(t *testing.T) {
				t.Parallel()
				r := startRogue(t, server, match, c.answer)
				args := dumpArgs(&r.Server, filepath.Join(t.TempDir(), "out"), "-B", schema, "--ssl-mode", "DISABLED", "-t", "1")
				against(t, r, c.stays || match == "", args...)
			})
		}
	}
}

// columnHeads is the start of an answer with n columns.
func columnHeads(n byte) []byte {
	answer := packetOf(1, n)
	for i := range n {
		text := append([]byte("\x03def\x00\x00\x00\x01a\x00\x0c\x3f\x00\xff\x00\x00\x00\xfd"), make([]byte, 5)...)
		answer = append(answer, packetOf(2+i, text...)...)
	}
	return answer
}

// numbered is a packet 256 times, numbered from seq on.
func numbered(packet []byte, seq byte) []byte {
	var all []byte
	for i := range 256 {
		packet = bytes.Clone(packet)
		packet[3] = seq + byte(i)
		all = append(all, packet...)
	}
	return all
}
