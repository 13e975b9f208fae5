package mydumper

import (
	"bufio"
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/foreign"
)

// metadata is what a dump says of itself.
type metadata struct {
	style    string // of the file: "0.10" or "1.0"
	started  time.Time
	finished bool
	here     dump.Coordinates
	source   dump.Coordinates // of the dumped replica's source
	rows     map[string]int64 // by the table's part of file names: "shop.orders"
}

// readMetadata understands both styles: the lines of 0.9 to 0.13 and the sections since 0.14. Which one it is a line with a section tells.
func readMetadata(text []byte) (*metadata, error) {
	m := &metadata{style: "0.10", rows: map[string]int64{}}
	section := ""
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 16<<20) // a set of GTIDs is one line
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		plain := strings.TrimSpace(strings.TrimPrefix(line, "#"))
		switch {
		case strings.HasPrefix(plain, "Started dump at:"):
			m.started, _ = time.Parse(time.DateTime, strings.TrimSpace(strings.TrimPrefix(plain, "Started dump at:")))
		case strings.HasPrefix(plain, "Finished dump at:"):
			m.finished = true
		case strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]"):
			m.style, section = "1.0", strings.ToLower(line[1:len(line)-1])
			if strings.Contains(line, "`") {
				section = line[1 : len(line)-1]
			}
		case strings.HasSuffix(line, "STATUS:"):
			section = strings.ToLower(line)
		case m.style == "1.0":
			m.entry(section, line, plain)
		default:
			m.oldEntry(section, line)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", metadataName, err)
	}
	if !m.finished {
		return nil, fmt.Errorf("%w: %s has no line \"Finished dump at\"", foreign.ErrCut, metadataName)
	}
	return m, nil
}

// oldEntry is a line of SHOW MASTER STATUS or SHOW SLAVE STATUS: "Log: bin.000001".
func (m *metadata) oldEntry(section, line string) {
	name, value, ok := strings.Cut(line, ":")
	if !ok {
		return
	}
	c := &m.here
	switch {
	case strings.Contains(section, "slave") || strings.Contains(section, "replica"):
		c = &m.source
	case !strings.Contains(section, "master") && !strings.Contains(section, "binary log"):
		return
	}
	set(c, strings.ToLower(name), strings.TrimSpace(value))
}

// entry is a line of a section; those of a replica's source are comments.
func (m *metadata) entry(section, line, plain string) {
	name, value, ok := strings.Cut(plain, "=")
	if !ok {
		return
	}
	name, value = strings.ToLower(strings.TrimSpace(name)), strings.Trim(strings.TrimSpace(value), `"`)
	switch {
	case (section == "source" || section == "master") && !strings.HasPrefix(line, "#"):
		set(&m.here, name, value)
	case strings.HasPrefix(section, "replication"):
		set(&m.source, name, value)
	case strings.HasPrefix(section, "`") && name == "rows":
		if n, err := strconv.ParseInt(value, 10, 64); err == nil {
			m.rows[strings.ReplaceAll(strings.Trim(section, "`"), "`.`", ".")] = n
		}
	}
}

// set takes up one value of coordinates, under the names of every version.
func set(c *dump.Coordinates, name, value string) {
	if value == "" {
		return
	}
	switch name {
	case "log", "file", "source_log_file", "relay_master_log_file", "relay_source_log_file":
		c.File, c.State = value, dump.Recorded
	case "pos", "position", "source_log_pos", "exec_master_log_pos", "exec_source_log_pos":
		c.Position, _ = strconv.ParseUint(value, 10, 64)
	case "gtid", "executed_gtid_set":
		c.GTIDSet, c.State = strings.Join(strings.Fields(value), ""), dump.Recorded
	case "host", "source_host", "master_host":
		c.Host = value
	case "source_port", "master_port":
		c.Port, _ = strconv.Atoi(value)
	}
}

// flavor guesses what kind of server was dumped by the form of its GTIDs: 0-1-5 is MariaDB's. Empty is not known.
func (m *metadata) flavor() string {
	switch set := m.here.GTIDSet; {
	case set == "":
		return ""
	case strings.Contains(set, ":"):
		return "mysql"
	}
	return "mariadb"
}
