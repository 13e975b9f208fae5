package catalog

// Demand is what goes into a schema of the target, as far as it asks the loading account for privileges.
type Demand struct {
	Schema      string // on the target
	Bare        bool   // rows alone
	Views       bool
	Triggers    bool
	Routines    bool
	Events      bool
	ForeignKeys bool
	Alters      bool // tables get indexes or a counter after their rows
}
