package mysql

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"testing"
	"testing/iotest"

	mysqldriver "github.com/go-sql-driver/mysql"
)

// framed cuts payloads into packets numbered from seq.
func framed(seq byte, payloads ...[]byte) []byte {
	var b []byte
	for _, p := range payloads {
		for {
			n := min(len(p), fullPacket)
			b = append(b, byte(n), byte(n>>8), byte(n>>16), seq)
			b = append(b, p[:n]...)
			p = p[n:]
			seq++
			if n < fullPacket {
				break
			}
		}
	}
	return b
}

// lenenc is cells as a row; nil is NULL.
func lenenc(cells ...[]byte) []byte {
	var b []byte
	for _, c := range cells {
		switch n := len(c); {
		case c == nil:
			b = append(b, 0xfb)
		case n < 0xfb:
			b = append(b, byte(n))
		case n < 1<<16:
			b = append(b, 0xfc, byte(n), byte(n>>8))
		case n < 1<<24:
			b = append(b, 0xfd, byte(n), byte(n>>8), byte(n>>16))
		default:
			b = binary.LittleEndian.AppendUint64(append(b, 0xfe), uint64(n))
		}
		b = append(b, c...)
	}
	return b
}

var (
	eofPacket = []byte{firstEOF, 0, 0, 2, 0}       // warnings, status
	okEOF     = []byte{firstEOF, 0, 0, 2, 0, 0, 0} // affected rows, insert id, status, warnings
	errPacket = append([]byte{firstErr, 0x25, 0x05, '#'}, "70100Query execution was interrupted"...)
)

// quietConn is a connection that was made before; only its end matters.
type quietConn struct {
	net.Conn
	closed bool
}

func (c *quietConn) Close() error { c.closed = true; return nil }

// answer reads what a server would have sent, through a buffer of this size.
func answer(sent io.Reader, buffer int) (*packetRows, *quietConn) {
	c := &quietConn{}
	w := &wire{Conn: c, stream: c, packets: packetReader{from: sent, buf: make([]byte, buffer)}}
	r := &packetRows{packets: &w.packets, wire: w, first: true}
	r.packets.start()
	w.taken.Store(true)
	return r, c
}

// collect reads a result set to its end.
func (r *packetRows) collect() ([][][]byte, error) {
	n, err := r.header()
	if err != nil {
		return nil, r.end(err)
	}
	r.row = make([][]byte, n)
	if n == 0 {
		return nil, r.end(nil)
	}
	var rows [][][]byte
	for {
		_, err := r.next()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		row, err := r.cells()
		if err != nil {
			return rows, err
		}
		rows = append(rows, cloneRow(row))
	}
}

// step goes to the next row and splits it.
func (r *packetRows) step() error {
	if _, err := r.next(); err != nil {
		return err
	}
	_, err := r.cells()
	return err
}

func cloneRow(row [][]byte) [][]byte {
	own := make([][]byte, len(row))
	for i, v := range row {
		if v != nil {
			own[i] = append([]byte{}, v...)
		}
	}
	return own
}

func requireRows(t *testing.T, got, want [][][]byte) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d rows, want %d", len(got), len(want))
	}
	for i := range want {
		for j := range want[i] {
			if (got[i][j] == nil) != (want[i][j] == nil) || !bytes.Equal(got[i][j], want[i][j]) {
				t.Errorf("row %d column %d: %.60q, want %.60q", i, j, got[i][j], want[i][j])
			}
		}
	}
}

func TestPacketRows(t *testing.T) {
	definition := []byte("\x03def and so on")
	long := bytes.Repeat([]byte("0123456789abcdef"), fullPacket/16+1)
	table := [][][]byte{
		{[]byte("1"), nil}, {{}, []byte("two")}, {bytes.Repeat([]byte("x"), 251), bytes.Repeat([]byte("y"), 70000)},
		{long, []byte("behind")}, {[]byte("3"), nil},
		{[]byte("f"), long[:fullPacket-6]}, // fills its packet, so that an empty one follows
		{[]byte("f"), long[:fullPacket-7]}, {long[:1<<24], append(long[:len(long):len(long)], long...)}, {nil, nil},
	}
	for _, style := range []struct {
		name    string
		columns [][]byte
		end     []byte
	}{
		{"eof", [][]byte{{2}, definition, definition, eofPacket}, eofPacket},
		{"ok", [][]byte{{2}, definition, definition}, okEOF},
		{"mariadb", [][]byte{{2, 1}, definition, definition}, okEOF},
	} {
		for _, rows := range [][][][]byte{table, nil} {
			payloads := slices.Clone(style.columns)
			for _, row := range rows {
				payloads = append(payloads, lenenc(row...))
			}
			sent := framed(1, append(payloads, style.end)...)
			for _, buffer := range []int{64, 1000, readBytes} {
				from := io.Reader(bytes.NewReader(sent))
				if buffer == 1000 {
					from = iotest.HalfReader(from)
				}
				r, c := answer(from, buffer)
				got, err := r.collect()
				if err != nil {
					t.Fatalf("%s, buffer %d: %v", style.name, buffer, err)
				}
				requireRows(t, got, rows)
				if c.closed || r.wire.taken.Load() {
					t.Errorf("%s: connection closed or not given back", style.name)
				}
			}
		}
	}
}

// TestPacketsThatAreWrong wants an error, and the connection closed unless the error is the server's own.
func TestPacketsThatAreWrong(t *testing.T) {
	row := lenenc([]byte("one"))
	good := framed(1, []byte{1}, []byte("def"), row, row, okEOF)
	cases := []struct {
		name string
		sent []byte
		open bool // the session can go on
	}{
		{"connection ends in a head", good[:len(good)-len(okEOF)-2], false},
		{"connection ends in a row", good[:len(good)-len(okEOF)-len(row)-2], false},
		{"connection ends at once", nil, false},
		{"sequence", append(framed(1, []byte{1}, []byte("def"), row), framed(5, okEOF)...), false},
		{"bytes behind the end", append(good[:len(good):len(good)], 1), false},
		{"definition without end", framed(1, []byte{1}, bytes.Repeat([]byte("def"), 1<<20), row, okEOF), false},
		{"more results", framed(1, []byte{1}, []byte("def"), []byte{firstEOF, 0, 0, 8, 0, 0, 0}), false},
		{"more results, old", framed(1, []byte{1}, []byte("def"), eofPacket, []byte{firstEOF, 0, 0, 8, 0}), false},
		{"short row", framed(1, []byte{2}, []byte("def"), []byte("def"), row, okEOF), false},
		{"long row", framed(1, []byte{1}, []byte("def"), append(row[:len(row):len(row)], 0), okEOF), false},
		{"cell behind the end", framed(1, []byte{1}, []byte("def"), []byte{9, 'a'}, okEOF), false},
		{"long cell behind the end", framed(1, []byte{1}, []byte("def"), []byte{0xfc, 'a'}, okEOF), false},
		{"empty row", framed(1, []byte{1}, []byte("def"), nil, okEOF), false},
		{"asks for a file", framed(1, []byte("\xfb/etc/passwd")), false},
		{"empty answer", framed(1, nil), false},
		{"no definitions", framed(1, []byte{1, 0}, row, okEOF), false},
		{"short error", framed(1, []byte{firstErr, 1}), false},
		{"error at once", framed(1, errPacket), true},
		{"error in front of rows", framed(1, []byte{1}, []byte("def"), errPacket), true},
		{"error among rows", framed(1, []byte{1}, []byte("def"), row, errPacket), true},
		{"error in place of a definition", framed(1, []byte{2}, []byte("def"), errPacket), true},
		{"bytes behind an error", append(framed(1, errPacket), 0), false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r, conn := answer(bytes.NewReader(c.sent), 64)
			_, err := r.collect()
			if err == nil || errors.Is(err, io.EOF) {
				t.Fatalf("error %v", err)
			}
			if c.open != (Number(err) == 1317) || c.open == conn.closed || c.open == IsConnectionLost(err) {
				t.Errorf("connection closed %v: %v", conn.closed, err)
			}
			if _, err := r.next(); !errors.Is(err, io.EOF) && c.open {
				t.Errorf("behind the end: %v", err)
			}
			if r.wire.taken.Load() {
				t.Error("not given back")
			}
		})
	}
}

// TestNoRows is a statement that returns none.
func TestNoRows(t *testing.T) {
	r, c := answer(bytes.NewReader(framed(1, []byte{firstOK, 0, 0, 2, 0, 0, 0})), 64)
	if rows, err := r.collect(); err != nil || len(rows) != 0 || c.closed {
		t.Errorf("%v, %v", rows, err)
	}
}

// TestLargeRowMemory wants room for a large cell once, not by doubling.
func TestLargeRowMemory(t *testing.T) {
	cell := make([]byte, 100<<20)
	sent := framed(1, []byte{2}, []byte("def"), []byte("def"), lenenc([]byte("1"), cell), lenenc(nil, []byte("x")), okEOF)
	r, _ := answer(bytes.NewReader(sent), readBytes)
	n, err := r.header()
	if err != nil {
		t.Fatal(err)
	}
	r.row = make([][]byte, n)
	if err = r.step(); err != nil || len(r.row[1]) != len(cell) || cap(r.packets.large) > len(cell)+fullPacket {
		t.Errorf("cell of %d bytes, %d reserved: %v", len(r.row[1]), cap(r.packets.large), err)
	}
	if _, err = r.next(); err != nil || len(r.row[1]) != 0 || r.packets.large != nil {
		t.Errorf("cell of %d bytes behind the large row, %d reserved: %v", len(r.row[1]), cap(r.packets.large), err)
	}
	if _, err = r.cells(); err != nil || r.row[0] != nil || string(r.row[1]) != "x" {
		t.Errorf("row behind it: %q, %v", r.row, err)
	}
	if _, err = r.next(); !errors.Is(err, io.EOF) || r.packets.large != nil {
		t.Errorf("end: %v", err)
	}
}

// TestHugeClaim: a length that a hostile server makes up does not take memory.
func TestHugeClaim(t *testing.T) {
	row := binary.LittleEndian.AppendUint64([]byte{0xfe}, 1<<62)
	row = append(row, make([]byte, fullPacket-len(row))...)
	r, _ := answer(bytes.NewReader(framed(1, []byte{1}, []byte("def"), row)), readBytes)
	if _, err := r.collect(); !errors.Is(err, mysqldriver.ErrMalformPkt) {
		t.Errorf("error %v", err)
	}
	if got := missingBytes(row); got > maxTrusted {
		t.Errorf("%d bytes trusted", got)
	}
}

func TestPacketRowDoesNotAllocate(t *testing.T) {
	for _, size := range []int{300, 1 << 20} { // in the buffer, and larger than it
		row := framed(3, lenenc([]byte("12345"), nil, []byte("2024-01-02"), bytes.Repeat([]byte("x"), size)))
		r, _ := answer(&endless{row: row, seq: 3}, 4096)
		r.packets.next = 3
		r.row = make([][]byte, 4)
		if n := testing.AllocsPerRun(1000, func() {
			if err := r.step(); err != nil || len(r.row[3]) != size {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%v allocations for a row of %d bytes", n, size)
		}
	}
}

// endless sends the same row again and again.
type endless struct {
	row []byte
	at  int
	seq byte
}

func (e *endless) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if e.at == 0 {
			e.row[3] = e.seq
			e.seq++
		}
		m := copy(p[n:], e.row[e.at:])
		n += m
		e.at = (e.at + m) % len(e.row)
	}
	return n, nil
}

// FuzzPackets feeds answers of any kind: no panic, no endless loop, and always the rows or an error.
func FuzzPackets(f *testing.F) {
	row := lenenc([]byte("one"), nil, bytes.Repeat([]byte("x"), 300))
	three := [][]byte{{3}, []byte("def"), []byte("def"), []byte("def")}
	f.Add(framed(1, append(slices.Clone(three), row, okEOF)...))
	f.Add(framed(1, append(slices.Clone(three), eofPacket, row, row, eofPacket)...))
	f.Add(framed(1, append(slices.Clone(three), row, errPacket)...))
	f.Add(framed(1, errPacket))
	f.Add(framed(1, []byte{firstOK, 0, 0, 2, 0, 0, 0}))
	f.Add([]byte{0xff, 0xff, 0xff, 1, 0})
	f.Fuzz(func(t *testing.T, sent []byte) {
		small, c := answer(bytes.NewReader(sent), 64)
		rows, err := small.collect()
		whole, _ := answer(iotest.OneByteReader(bytes.NewReader(sent)), readBytes)
		same, otherErr := whole.collect()
		if (err == nil) != (otherErr == nil) || Number(err) != Number(otherErr) {
			// Bytes behind the end are seen only when they were read with it.
			if !errors.Is(err, errMalformed) && !errors.Is(otherErr, errMalformed) {
				t.Fatalf("%v with a small buffer, %v with a large one", err, otherErr)
			}
		}
		requireRows(t, same, rows)
		if c.closed != (err != nil && Number(err) == 0) {
			t.Errorf("closed %v after %v", c.closed, err)
		}
	})
}

// FuzzSplitRow compares with the simple way.
func FuzzSplitRow(f *testing.F) {
	f.Add(lenenc([]byte("one"), nil, []byte{}), 3)
	f.Add(lenenc(bytes.Repeat([]byte("x"), 70000)), 1)
	f.Add([]byte{0xfe, 1, 0, 0, 0, 0, 0, 0, 0, 'x'}, 1)
	f.Add([]byte{0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 1)
	f.Fuzz(func(t *testing.T, row []byte, columns int) {
		if columns < 1 || columns > 100 {
			return
		}
		cells := make([][]byte, columns)
		ok := splitRow(cells, row)
		rest, want := row, true
		for i := 0; i < columns && want; i++ {
			size, head, null, there := cellSize(rest)
			if want = there && size <= uint64(len(rest)-head); !want {
				break
			}
			cell := rest[head : head+int(size)]
			if ok && (null != (cells[i] == nil) || !bytes.Equal(cells[i], cell)) {
				t.Errorf("cell %d: %q, want %q", i, cells[i], cell)
			}
			rest = rest[head+int(size):]
		}
		if want = want && len(rest) == 0; ok != want {
			t.Errorf("%v, want %v", ok, want)
		}
		missingBytes(row)
	})
}
