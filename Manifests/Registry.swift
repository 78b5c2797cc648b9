// Registry comes here.
