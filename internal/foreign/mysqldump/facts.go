package mysqldump

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/foreign"
)

// facts is what the comments and the settings of a file say of it.
type facts struct {
	tool      string // "mysqldump 9.7.4"
	commented bool   // it began with the comment of the tool's name
	completed bool   // and ended with the one that says so
	saved     bool   // it began by saving the session's settings
	restored  bool   // and has begun to bring them back
	noted     bool   // what mysqldump saves last and brings back last is changed
	database  string // that the head names
	finished  time.Time
	server    dump.ServerFacts
	here      dump.Coordinates // of the dumped server
	source    dump.Coordinates // of its source, where it is a replica
	ofSource  bool             // the comments say that what follows is the source's
	mariadb   bool             // something in it is MariaDB's own
	standIn   bool             // the comments say that the next table stands in for a view
}

var (
	toolLine     = regexp.MustCompile(`^-- (MySQL|MariaDB) dump (\S+)\s+Distrib ([0-9]+\.[0-9]+\.[0-9]+)`)
	hostLine     = regexp.MustCompile(`^-- Host: (.*?)\s+Database: (.*)$`)
	databaseLine = regexp.MustCompile("^-- Database: `(.+)`$") // of phpMyAdmin
	serverLine   = regexp.MustCompile(`^-- Server version:?\s+(\d\S*)(.*)$`)
	standInLine  = regexp.MustCompile(`^-- (Stand-in structure for view|Creating temporary table to overcome VIEW)`) // phpMyAdmin, HeidiSQL
	otherLine    = regexp.MustCompile(`^-- (phpMyAdmin|HeidiSQL)\b`)
	adminerLine  = regexp.MustCompile(`^-- Adminer \S+ (?:MySQL|MariaDB) (\d\S*)(.*?)(?: dump)?$`)
	doneLine     = regexp.MustCompile(`^-- Dump completed(?: on (\d{4}-\d\d-\d\d +\d?\d:\d\d:\d\d))?`)
	versionStart = regexp.MustCompile(`^(?:5\.5\.5-)?(\d+)\.(\d+)\.(\d+)`)
	logPosition  = regexp.MustCompile(`(?i)(?:MASTER|SOURCE)_LOG_FILE\s*=\s*'([^']*)'\s*,\s*(?:MASTER|SOURCE)_LOG_POS\s*=\s*(\d+)`)
	gtidPurged   = regexp.MustCompile(`(?is)GTID_PURGED\s*=(?:\s*/\*!80000\s*'\+'\s*\*/)?\s*'([^']*)'`)
	gtidReplica  = regexp.MustCompile(`(?i)gtid_slave_pos\s*=\s*'([^']*)'`)
)

// comment follows a line that starts with --.
func (f *facts) comment(line []byte) {
	text := strings.TrimRight(string(line[:min(len(line), 4<<10)]), "\r\n ")
	switch {
	case text == "--":
	case toolLine.MatchString(text):
		m := toolLine.FindStringSubmatch(text)
		f.tool = map[string]string{"MySQL": "mysqldump ", "MariaDB": "mariadb-dump "}[m[1]] + m[3]
		f.commented, f.completed = true, false
		f.server.Flavor = strings.ToLower(m[1])
		f.server.Version, f.server.Number = m[3], versionNumber(m[3]) // of the tool, until the server's own is read
	case hostLine.MatchString(text):
		f.database = hostLine.FindStringSubmatch(text)[2]
	case databaseLine.MatchString(text):
		f.database = databaseLine.FindStringSubmatch(text)[1]
	case standInLine.MatchString(text):
		f.standIn = true
	case otherLine.MatchString(text):
		f.tool = otherLine.FindStringSubmatch(text)[1]
	case adminerLine.MatchString(text):
		f.tool = "Adminer"
		f.serverIs(adminerLine.FindStringSubmatch(text))
	case serverLine.MatchString(text):
		f.serverIs(serverLine.FindStringSubmatch(text))
	case doneLine.MatchString(text):
		f.completed = true
		if t, err := time.Parse("2006-01-02 15:04:05", strings.Join(strings.Fields(doneLine.FindStringSubmatch(text)[1]), " ")); err == nil {
			f.finished = t
		}
	default:
		f.ofSource = strings.Contains(text, "the master of this slave") || strings.Contains(text, "the source of this replica") ||
			f.ofSource && !strings.Contains(text, "osition")
		f.coordinates(text)
	}
}

// serverIs takes the version of a line that matched, and what stands behind it.
func (f *facts) serverIs(m []string) {
	f.server.Version, f.server.VersionComment, f.server.Number = m[1], strings.TrimSpace(m[2]), versionNumber(m[1])
	f.server.Flavor = "mysql"
	if strings.Contains(strings.ToLower(m[1]), "mariadb") {
		f.server.Flavor = "mariadb"
	}
}

// coordinates takes a place in a binary log out of a statement, which may stand in a comment. It reports whether there is one.
func (f *facts) coordinates(text string) bool {
	found := false
	c := &f.here
	if f.ofSource {
		c = &f.source
	}
	if m := logPosition.FindStringSubmatch(text); m != nil {
		c.File = m[1]
		c.Position, _ = strconv.ParseUint(m[2], 10, 64)
		found = true
	}
	for _, gtid := range []*regexp.Regexp{gtidPurged, gtidReplica} {
		if m := gtid.FindStringSubmatch(text); m != nil {
			c.GTIDSet = strings.Join(strings.Fields(m[1]), "")
			found = true
		}
	}
	if found {
		c.State = dump.Recorded
	}
	return found
}

// setting follows the SET statements around a file, which save the session's settings and bring them back.
func (f *facts) setting(text []byte) {
	plain := bytes.ToUpper(bytes.ReplaceAll(text[:min(len(text), 1<<10)], []byte{' '}, nil))
	plain = bytes.ReplaceAll(plain, []byte("=IFNULL(@OLD_"), []byte("=@OLD_")) // HeidiSQL
	switch {
	case bytes.Contains(plain, []byte("@OLD_")) && bytes.Contains(plain, []byte("=@@")):
		f.saved, f.restored = true, false
		f.noted = f.noted || bytes.Contains(plain, []byte("NOTES=@@")) || bytes.Contains(plain, []byte("NOTE_VERBOSITY=@@"))
	case bytes.Contains(plain, []byte("=@OLD_")):
		f.restored = true
		f.noted = f.noted && !bytes.Contains(plain, []byte("=@OLD_SQL_NOTES")) && !bytes.Contains(plain, []byte("=@OLD_NOTE_VERBOSITY"))
	}
}

// whole refuses a file that lacks what ends every file of its kind. warning is for one that has neither comments nor settings.
func (f *facts) whole(name string) (warning string, err error) {
	switch {
	case f.commented && !f.completed:
		return "", fmt.Errorf("%s: %w: the line \"-- Dump completed\" is missing at its end", name, foreign.ErrCut)
	case f.noted || f.saved && !f.restored && !f.commented:
		return "", fmt.Errorf("%s: %w: the settings that it changed at its start are not set back at its end", name, foreign.ErrCut)
	case !f.commented && !f.saved:
		return name + " has neither comments nor settings (--compact): whether it is whole cannot be told", nil
	}
	return "", nil
}

// versionNumber is 50624 of 5.6.24-log; 0 where there is none.
func versionNumber(version string) int {
	m := versionStart.FindStringSubmatch(version)
	if m == nil {
		return 0
	}
	n := 0
	for _, part := range m[1:] {
		v, _ := strconv.Atoi(part)
		n = n*100 + v
	}
	return n
}

// The servers that a file is taken to be of that does not say it.
const (
	newestMySQL   = 90799
	newestMariaDB = 129999
)

// sandbox is how files of newer mariadb-dumps begin.
var sandbox = []byte("999999\\- enable the sandbox mode")

// marks are what only MariaDB writes into definitions.
var marks = [][]byte{[]byte("/*M!"), []byte("current_timestamp()"), []byte("_uca1400_"), []byte("ENGINE=Aria")}

// statement looks for what tells MariaDB's files from MySQL's, where the comments do not.
func (f *facts) statement(text []byte) {
	if f.server.Number > 0 || f.mariadb {
		return
	}
	for _, mark := range marks {
		f.mariadb = f.mariadb || bytes.Contains(text[:min(len(text), maxShort)], mark)
	}
}

// manifest describes the file as a dump.
func (f *facts) manifest(id string) *dump.Manifest {
	m := &dump.Manifest{
		Format: dump.FormatVersion, ID: id, Tool: f.tool, Started: f.finished, For: dump.ForGomove, Rows: dump.CSV,
		Compression: dump.None, Charset: "source", Server: f.server,
	}
	if m.Server.Number == 0 { // without comments: what stands in versioned comments was in force
		m.Server.Flavor, m.Server.Number = "mysql", newestMySQL
		if f.mariadb {
			m.Server.Flavor, m.Server.Number = "mariadb", newestMariaDB
		}
	}
	m.Snapshot.Coordinates = f.here
	if f.source.State != "" {
		source := f.source
		m.Snapshot.Source = &source
	}
	return m
}
