package dump

import (
	"bufio"
	"context"
	"io"
	"strconv"
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/store"
)

// RestoreName is the script of ForMySQL that the mysql client reads.
const RestoreName = "restore.mysql"

// section is a part of restore.mysql, in the order in which they run.
type section int

const (
	schemaSection section = iota
	sequenceSection
	tableSection
	dataSection
	triggerSection
	postSection
	viewSection
	sections
)

// restoreHead also names --loose-commands: from 9.x on the mysql client has its commands, SOURCE among them, off.
const restoreHead = `-- Restores this dump with the mysql or mariadb client. Run it in this directory:
--   cd DIRECTORY && mysql --comments --local-infile=1 --loose-commands --host=HOST --user=USER -p < restore.mysql
-- Without --comments old clients and MariaDB's strip the comments out of triggers, routines and events.
-- Error 1064 near SOURCE or charset: --loose-commands was left out. Error 1242: the file named before that line failed.
charset utf8mb4
SET @gomove_foreign_key_checks=@@SESSION.foreign_key_checks, @gomove_sql_mode=@@SESSION.sql_mode, @gomove_time_zone=@@SESSION.time_zone;
SET SESSION foreign_key_checks=0;
`

// restoreSession is set again before each section: schema files may set their own.
const restoreSession = `SET NAMES utf8mb4;
SET SESSION foreign_key_checks=0, time_zone='+00:00', sql_mode='NO_AUTO_VALUE_ON_ZERO,STRICT_ALL_TABLES,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION';
`

const restoreTail = `SET SESSION foreign_key_checks=@gomove_foreign_key_checks, sql_mode=@gomove_sql_mode, time_zone=@gomove_time_zone;
`

// restoreScript collects the sections of restore.mysql on disk while a dump runs. It is safe for concurrent use.
type restoreScript struct {
	store    store.Store
	journals [sections]lazyJournal
}

func newRestoreScript(s store.Store) *restoreScript {
	r := &restoreScript{store: s}
	for i := range r.journals {
		r.journals[i].name = RestoreName + ".partial." + strconv.Itoa(i)
	}
	return r
}

// object adds the SQL files of an object to the sections that they belong to.
func (r *restoreScript) object(ctx context.Context, o *Object) error {
	if o.Kind == KindUsers {
		return nil // what one server refuses would stop the script: accounts are restored by hand
	}
	for _, file := range o.Files {
		s := sectionOf(o, file)
		line := inlineMark + file
		if s != schemaSection {
			line = "SET NAMES utf8mb4;\n" + useSQL(o.Schema) + ";\n" + line // 5.6 misreads USE under the binary of a schema file
		}
		if err := r.journals[s].append(ctx, r.store, line); err != nil {
			return err
		}
	}
	return nil
}

// useSQL keeps a name with a newline from the client, which takes a line that starts with USE for a command of its own.
func useSQL(schema string) string {
	if strings.Contains(schema, "\n") {
		return "/**/ USE " + mysql.QuoteName(schema)
	}
	return "USE " + mysql.QuoteName(schema)
}

func sectionOf(o *Object, file string) section {
	switch {
	case strings.HasSuffix(file, "-schema-create.sql"):
		return schemaSection
	case o.Kind == KindSequence:
		return sequenceSection
	case strings.HasSuffix(file, "-schema-triggers.sql"):
		return triggerSection
	case strings.HasSuffix(file, "-schema-post.sql"):
		return postSection
	case strings.HasSuffix(file, "-schema-view.sql"):
		return viewSection
	}
	return tableSection
}

// inlineMark starts a line that finish replaces by the text of the SQL file that it names. Definitions are not SOURCEd: MariaDB's
// client goes on after an error within a sourced file and would end with exit code 0.
const inlineMark = "\x00"

// chunk adds a data file.
func (r *restoreScript) chunk(ctx context.Context, o *Object, c *Chunk) error {
	line := sourceLines(c.File)
	if strings.HasSuffix(c.File, "."+string(CSV)) {
		line = LoadDataSQL(o.Schema, o.Name, o.Columns, c.File) + ";\n" + checkRowsSQL(c.Rows) + ";"
	}
	return r.journals[dataSection].append(ctx, r.store, line)
}

// sourceLines runs a file. MariaDB's client leaves a file at its first error, but then goes on with the script that named
// it: ROW_COUNT() is -1 after an error, and the script fails with error 1242. The file may have left a delimiter of its own
// behind, under which no later line would be a statement.
func sourceLines(file string) string {
	return "SOURCE " + file + "\nDELIMITER ;\nSET @gomove_rows=IF(ROW_COUNT()>=0,0,(SELECT 'error' UNION ALL SELECT 'in that file'));"
}

// checkRowsSQL stops the client with error 1242 when the LOAD DATA before it did not store so many rows: LOCAL makes
// the server pass over duplicates with a warning.
func checkRowsSQL(rows int64) string {
	return "SET @gomove_rows=IF(ROW_COUNT()=" + strconv.FormatInt(rows, 10) + ",0,(SELECT 'too few rows' UNION ALL SELECT 'stored'))"
}

// finish joins the sections into restore.mysql, removes them and returns the checksum of the whole.
func (r *restoreScript) finish(ctx context.Context) (sum fileSum, err error) {
	f, err := r.store.Create(ctx, RestoreName)
	if err != nil {
		return sum, err
	}
	defer f.Abort()
	hash := xxh3.New128()
	b := bufio.NewWriterSize(io.MultiWriter(f, hash), 64<<10)
	_, _ = b.WriteString(restoreHead)
	for i := range r.journals {
		if err := r.join(ctx, b, &r.journals[i]); err != nil {
			return sum, err
		}
	}
	_, _ = b.WriteString(restoreTail)
	if err := b.Flush(); err != nil {
		return sum, err
	}
	if err := f.Close(); err != nil {
		return sum, err
	}
	for i := range r.journals {
		if err := r.store.Remove(ctx, r.journals[i].name); err != nil {
			return sum, err
		}
	}
	return fileSum{name: RestoreName, sum: sumOf(hash)}, nil
}

func (r *restoreScript) join(ctx context.Context, w *bufio.Writer, l *lazyJournal) error {
	used, err := l.close()
	if err != nil || !used {
		return err
	}
	_, _ = w.WriteString(restoreSession)
	for line, err := range readLines[string](ctx, r.store, listing{name: l.name}) {
		if err != nil {
			return err
		}
		before, file, inline := strings.Cut(*line, inlineMark)
		_, _ = w.WriteString(before)
		if inline {
			if err := r.inline(ctx, w, file); err != nil {
				return err
			}
		}
		_ = w.WriteByte('\n')
	}
	return nil
}

// inline copies the text of an SQL file.
func (r *restoreScript) inline(ctx context.Context, w *bufio.Writer, file string) error {
	f, err := r.store.Open(ctx, file)
	if err != nil {
		return err
	}
	defer f.Close()
	_, _ = w.WriteString("-- " + file + "\n")
	_, err = io.Copy(w, f)
	return err
}

func (r *restoreScript) abandon() {
	for i := range r.journals {
		_, _ = r.journals[i].close()
	}
}
