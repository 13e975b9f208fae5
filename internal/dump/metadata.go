package dump

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/zeebo/xxh3"
)

const (
	metadataTime = "2006-01-02 15:04:05"
	// finishedPrefix starts the last line of metadata.
	finishedPrefix = "# Finished dump at: "
	// sumPrefix starts the lines of metadata that xxhsum can check: "# xxh128 <hex>  <file>".
	sumPrefix = "# xxh128 "
	// sealPrefix starts the line with the checksum of all others, which grep -v can take out.
	sealPrefix = "# metadata xxh128 "
)

func startedLine(t time.Time) string {
	return "# Started dump at: " + t.UTC().Format(metadataTime) + "\n"
}

// metadataHead writes what stands before the tables, as mydumper 1.0 does. Times are UTC.
func metadataHead(w io.Writer, m *Manifest, started time.Time, o WriterOptions) {
	fmt.Fprint(w, startedLine(started))
	fmt.Fprint(w, "[config]\nquote-character = BACKTICK\n")
	if o.Rows == CSV {
		fmt.Fprint(w, "local-infile = 1\n")
	}
	fmt.Fprint(w, "\n[myloader_session_variables]\nSQL_MODE='NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION' /*!40101\n\n")
	metadataSource(w, &m.Snapshot.Coordinates)
	if m.Snapshot.Source != nil {
		metadataReplication(w, m.Snapshot.Source)
	}
}

func metadataSource(w io.Writer, c *Coordinates) {
	fmt.Fprint(w, "[source]\n# Channel_Name = '' # It can be use to setup replication FOR CHANNEL\n")
	if c.State != Recorded {
		fmt.Fprintf(w, "# no coordinates: %s\n\n", oneLine(string(c.State)))
		return
	}
	for _, prefix := range []string{"# ", ""} {
		if c.GTIDSet != "" {
			fmt.Fprintf(w, "%sexecuted_gtid_set = \"%s\"\n", prefix, oneLine(c.GTIDSet))
		}
		if c.File != "" {
			fmt.Fprintf(w, "%sSOURCE_LOG_FILE = \"%s\"\n%sSOURCE_LOG_POS = %d\n", prefix, oneLine(c.File), prefix, c.Position)
		}
	}
	fmt.Fprint(w, "myloader_exec_reset_replica = 0\nmyloader_exec_change_source = 0\nmyloader_exec_start_replica = 0\n\n")
}

// metadataReplication writes where a replica stands in its source's log, as comments.
func metadataReplication(w io.Writer, c *Coordinates) {
	name := "replication"
	if c.Channel != "" {
		name += "." + iniValue(c.Channel)
	}
	fmt.Fprintf(w, "[%s]\n", strings.NewReplacer("[", "_", "]", "_").Replace(name))
	if c.State != Recorded {
		fmt.Fprintf(w, "# no coordinates: %s\n\n", oneLine(string(c.State)))
		return
	}
	fmt.Fprintf(w, "# Source_Host = \"%s\"\n# Source_Port = %d\n# Relay_Source_Log_File = \"%s\"\n# Exec_Source_Log_Pos = %d\n",
		oneLine(c.Host), c.Port, oneLine(c.File), c.Position)
	if c.GTIDSet != "" {
		fmt.Fprintf(w, "# Executed_Gtid_Set = \"%s\"\n", oneLine(c.GTIDSet))
	}
	fmt.Fprint(w, "\n")
}

// metadataObject writes the section of a table, named by its file names as mydumper's are; of schemas only those with an
// alias, as a comment.
func metadataObject(w io.Writer, o *Object) {
	schema, table, _ := strings.Cut(o.Base, ".")
	switch {
	case o.Kind == KindTable:
		fmt.Fprintf(w, "[`%s`.`%s`]\nreal_table_name=%s\n", schema, table, iniValue(o.Name))
		if o.Rows >= 0 {
			fmt.Fprintf(w, "rows = %d\n", o.Rows)
		}
		fmt.Fprint(w, "\n")
	case o.Kind == KindSchema && o.Base != o.Schema:
		fmt.Fprintf(w, "# schema %s: real_schema_name=%s\n\n", o.Base, iniValue(o.Schema))
	}
}

func metadataTail(w *bufio.Writer, sequences int, sums []fileSum) {
	fmt.Fprintf(w, "[config]\nmax-statement-size = %d\nnum-sequences = %d\n", statementBytes, sequences)
	for _, s := range sums {
		fmt.Fprintf(w, "%s%s  %s\n", sumPrefix, s.sum, s.name)
	}
}

// writeSeal writes the checksum of metadata's other lines, of which hash has all but the last, and that last one.
func writeSeal(w io.Writer, hash *xxh3.Hasher128, finished time.Time) error {
	last := finishedPrefix + finished.UTC().Format(metadataTime) + "\n"
	_, _ = hash.WriteString(last)
	_, err := io.WriteString(w, sealPrefix+sumOf(hash)+"\n"+last)
	return err
}

// iniValue escapes as GLib's key files do
// (https://docs.gtk.org/glib/struct.KeyFile.html).
func iniValue(s string) string {
	s = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(s)
	if strings.HasPrefix(s, " ") {
		s = `\s` + s[1:]
	}
	return s
}

// oneLine takes out what would break a line or a quoted value.
func oneLine(s string) string {
	return strings.NewReplacer("\n", "", "\r", "", `"`, "").Replace(s)
}
