package loader

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
)

// CopyOptions are those of a load whose feed is a server that is read at the same time.
type CopyOptions struct {
	// ID finds what an interrupted copy has done: it is the same for the same command.
	ID string
	// Open begins the feed once the target is reached and locked. past is what an interrupted copy has committed, nil for nothing;
	// the feed takes it up or fails.
	Open   func(ctx context.Context, past *dump.Unfinished) (dump.Feed, error)
	Source string // where it is read, for the record: host and port
	Same   bool   // source and target are one server
}

// openCopy reads what an interrupted copy has left, and begins the feed.
func (l *load) openCopy(ctx context.Context) error {
	var past *dump.Unfinished
	var err error
	if !l.o.After.Restart {
		if past, err = l.readCopy(ctx); err != nil {
			return err
		}
	}
	feed, err := l.o.Copy.Open(ctx, past)
	if err != nil {
		return err
	}
	if id := feed.Manifest().ID; id != l.journal.id {
		return fmt.Errorf("%w: its id is %s, and not the copy's", ErrDamaged, id)
	}
	l.setSource(newFed(feed))
	return nil
}

// readCopy gives what an interrupted run of this copy has committed. One that had committed nothing begins anew.
func (l *load) readCopy(ctx context.Context) (*dump.Unfinished, error) {
	places, err := column(ctx, l.server, "SELECT table_schema FROM information_schema.tables WHERE table_name="+mysql.QuoteString(progressTableElse))
	if err != nil {
		return nil, err
	}
	if err := l.journal.find(ctx, l.server, places); err != nil || l.journal.schema == "" {
		return nil, err
	}
	if err := l.buryPast(ctx); err != nil {
		return nil, err
	}
	p := &copyPast{
		Unfinished: dump.Unfinished{Tables: map[[2]string]*dump.PlanLine{}, Finished: map[[2]string]int64{}},
		emptying:   map[[2]string]bool{},
		sources:    map[[2]string]*dump.PlanLine{},
	}
	if err := l.journal.readCopy(ctx, l.server, p); err != nil || !p.planned {
		return nil, err
	}
	if p.restarting || p.Manifest == nil || len(p.chunks) == 0 {
		l.fresh = true
		return nil, nil
	}
	return &p.Unfinished, l.keepSafe(ctx, p)
}

// copyPast is what the progress table knows of an interrupted copy.
type copyPast struct {
	dump.Unfinished
	planned, restarting bool
	emptying            map[[2]string]bool           // by the target's names
	sources             map[[2]string]*dump.PlanLine // by the target's names
	chunks              []pastChunk
}

// pastChunk is a chunk that is in, of a table of the target.
type pastChunk struct {
	table [2]string
	dump.Chunk
}

// stateDiffers marks a chunk that has values which the source's run has told to differ.
const stateDiffers = "differs"

// readCopy reads the rows of a copy.
func (j *journal) readCopy(ctx context.Context, s *mysql.Server, p *copyPast) (err error) {
	rows, err := s.DB().QueryContext(ctx, "SELECT kind, schema_name, table_name, number, state, row_count, byte_count, key_range FROM "+j.name()+
		" WHERE dump_id="+mysql.QuoteString(j.id)+" AND kind IN ('phase','source','chunk','"+markEmptying+"')")
	if err != nil {
		return fmt.Errorf("progress table: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var kind, state string
		var c pastChunk
		var text []byte
		if err := rows.Scan(&kind, &c.table[0], &c.table[1], &c.Number, &state, &c.Rows, &c.Bytes, &text); err != nil {
			return err
		}
		var into any
		switch {
		case kind == "phase":
			p.restarting = p.restarting || c.table[1] == phaseRestart
			p.planned = p.planned || p.restarting || c.table[1] == phasePlanned
			continue
		case kind == markEmptying:
			p.emptying[c.table] = true
			continue
		case kind == "chunk":
			c.Differs = state == stateDiffers
			into = &c.Range
		case c.table[1] == "":
			p.Manifest = new(dump.Manifest)
			into = p.Manifest
		default:
			line := new(dump.PlanLine)
			p.sources[c.table] = line
			into = line
		}
		if err := json.Unmarshal(text, into); err != nil {
			return fmt.Errorf("progress table: row of %s %s: %w", kind, mysql.QuoteTable(c.table[0], c.table[1]), err)
		}
		if kind == "chunk" {
			p.chunks = append(p.chunks, c)
		}
	}
	return rows.Err()
}

// keepSafe names what was committed as the source does, without the tables whose engine cannot tell what it holds, and those that were
// being emptied.
func (l *load) keepSafe(ctx context.Context, p *copyPast) error {
	plain, err := nameSet(ctx, l.server, "SELECT CONCAT(table_schema,CHAR(0),table_name) FROM information_schema.tables WHERE table_type='BASE TABLE'"+
		" AND engine NOT IN (SELECT engine FROM information_schema.engines WHERE transactions='YES') AND table_schema NOT IN ('mysql','information_schema','performance_schema','sys')")
	if err != nil {
		return err
	}
	for _, line := range p.sources {
		p.Tables[[2]string{line.Schema, line.Name}] = line
	}
	for _, c := range p.chunks {
		line := p.sources[c.table]
		if line == nil || p.emptying[c.table] || plain[strings.ToLower(c.table[0]+"\x00"+c.table[1])] {
			continue
		}
		one := c.Chunk
		one.Schema, one.Table = line.Schema, line.Name
		p.Chunks = append(p.Chunks, &one)
	}
	return nil
}

// noteSource writes down which state of the source this copy is of, and its tables' definitions.
func (l *load) noteSource(ctx context.Context) error {
	if l.o.Copy.Open == nil {
		return nil
	}
	m := *l.from.Manifest()
	m.Snapshot.Plan, m.Snapshot.NonTransaction = nil, nil
	notes := []note{{value: &m}}
	definitions := l.fed.definitions()
	for _, t := range l.batch {
		notes = append(notes, note{schema: t.schema, table: t.name, value: &dump.PlanLine{Schema: t.from[0], Name: t.from[1], Definition: definitions[t.from]}})
	}
	return l.journal.note(ctx, l.server, notes)
}

// note is a row of kind source.
type note struct {
	schema, table string
	value         any // as JSON
}

func (j *journal) note(ctx context.Context, s *mysql.Server, notes []note) error {
	for len(notes) > 0 {
		n := min(len(notes), marksPerInsert)
		var b strings.Builder
		b.WriteString("INSERT INTO " + j.name() + " (dump_id,kind,schema_name,table_name,number,state,row_count,byte_count,key_range) VALUES ")
		for i, one := range notes[:n] {
			text, err := json.Marshal(one.value)
			if err != nil {
				return fmt.Errorf("progress table: %w", err)
			}
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, "(%s,'source',%s,%s,0,'',0,0,%s)", mysql.QuoteString(j.id), mysql.QuoteString(one.schema), mysql.QuoteString(one.table), mysql.QuoteString(string(text)))
		}
		b.WriteString(" ON DUPLICATE KEY UPDATE key_range=VALUES(key_range)")
		if err := change(ctx, s, b.String()); err != nil {
			return fmt.Errorf("progress table: %w", readOnly(err))
		}
		notes = notes[n:]
	}
	return nil
}

// restart forgets what a copy has done, and not which tables it made: a run that dies amid it leaves them to the next one.
func (j *journal) restart(ctx context.Context, s *mysql.Server) error {
	if err := j.mark(ctx, s, mark{kind: "phase", table: phaseRestart, state: markCreated}); err != nil {
		return err
	}
	err := change(ctx, s, "DELETE FROM "+j.name()+" WHERE dump_id="+mysql.QuoteString(j.id)+
		" AND kind NOT IN ('table','session') AND NOT (kind='phase' AND table_name='"+phaseRestart+"')")
	if err != nil {
		return fmt.Errorf("progress table: %w", err)
	}
	return nil
}

// restarted ends what restart has begun.
func (j *journal) restarted(ctx context.Context, s *mysql.Server) error {
	err := change(ctx, s, "DELETE FROM "+j.name()+" WHERE dump_id="+mysql.QuoteString(j.id)+" AND kind='phase' AND table_name='"+phaseRestart+"'")
	if err != nil {
		return fmt.Errorf("progress table: %w", err)
	}
	return nil
}

// definitions tell one definition of a table from another, by the source's names.
func (f *fed) definitions() map[[2]string]string {
	all := make(map[[2]string]string, len(f.batch))
	for _, o := range f.batch {
		if o.Kind == dump.KindTable {
			all[[2]string{o.Schema, o.Name}] = o.Definition
		}
	}
	return all
}

// checkSame refuses a copy within one server that would write where it reads.
func (l *load) checkSame(ctx context.Context) error {
	if !l.o.Copy.Same {
		return nil
	}
	sources := map[string]bool{}
	for o, err := range l.current(ctx) {
		if err != nil {
			return err
		}
		sources[l.fold(o.Schema)+"\x00"+l.fold(o.Name)] = o.Kind != dump.KindSchema || len(o.Routines)+len(o.Events) > 0
	}
	var both []string
	for o, err := range l.current(ctx) {
		if err != nil {
			return err
		}
		schema, name := l.mapTable(o.Schema, o.Name)
		if sources[l.fold(schema)+"\x00"+l.fold(name)] {
			both = append(both, objectName(&dump.Object{Kind: o.Kind, Schema: schema, Name: name}))
		}
	}
	if len(both) > 0 {
		return fmt.Errorf("%w, and these would be written where they are read: %s; give them other names by --schema-map or --table-map", ErrSameServer, shorten(both))
	}
	return nil
}
